// What every client here shares: commands come as lines of JSON, `{"what": "ask", "question": …}`, and each is answered with a line.
import { createInterface } from "node:readline";

/// Serves commands with the methods of `client`; `refusal` turns an error of its library into fields.
export async function serve(client, refusal) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { what, ...named } = JSON.parse(line);
    let told;
    try {
      told = await client[what](named);
    } catch (error) {
      told = refusal(error) ?? { broken: String(error?.stack ?? error) };
    }
    console.log(JSON.stringify(told));
  }
}

/// One answer as its reader sees it over any number of streams, from events `{seq, piece, end}`.
export class Reading {
  text = "";
  pieces = 0;
  gaps = 0;
  cuts = 0;
  seq = 0;
  end = null;

  take({ seq, piece, end }) {
    if (seq !== this.seq + 1) this.gaps += 1;
    this.seq = seq;
    if (piece) {
      this.text += piece;
      this.pieces += 1;
    }
    this.end = end ?? this.end;
  }

  told(id) {
    const { text, pieces, gaps, cuts, end } = this;
    return { text, pieces, gaps, cuts, id, ...end };
  }
}

export const [, , address, key, root] = process.argv;
