"""Runs a command in a terminal of its own and types one line into it: terminal.py LINE COMMAND..."""

import os
import pty
import sys

typed, command = sys.argv[1], sys.argv[2:]
child, terminal = pty.fork()
if child == 0:
    os.execv(command[0], command)
os.write(terminal, f"{typed}\n".encode())
while True:
    try:
        piece = os.read(terminal, 4096)
    except OSError:  # Linux says so when the other side has closed.
        break
    if not piece:
        break
    sys.stdout.buffer.write(piece)
sys.stdout.flush()
_, status = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(status))
