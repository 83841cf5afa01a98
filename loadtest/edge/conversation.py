"""The conversation that each client of other makers holds with the chatbot, and what it must show at every step.

A client is a function `do(what, **named)` that returns fields: `ask` gives `text` (what was streamed, joined), `ended` (the whole text as
the end says it), `pieces`, `sources`, `finish`, `id` and `gaps` (places where numbers do not follow each other); what is refused gives
`refused` and `retry_after`. It knows neither how a client works nor what it speaks.
"""

FIRST = "Do you sell gift cards?"
# Nothing of it is in the documents but together with the first question.
FOLLOW_UP = "How long do they last?"
SOURCE = "gift-cards.txt"
# Long enough to be stopped and cut in its middle.
LONG = "When are you open on Sundays?"
UNKNOWN = "What is the airspeed velocity of an unladen swallow?"
UNAUTHENTICATED = ("UNAUTHENTICATED", "Unauthenticated", "AuthenticationError")
RATE_LIMITED = ("RATE_LIMITED", "RESOURCE_EXHAUSTED", "ResourceExhausted", "RateLimitError")
DEADLINE = ("DEADLINE_EXCEEDED", "DeadlineExceeded")


class Conversation:
    """One client's conversation; each step is a row."""

    def __init__(self, rows, name, do, model):
        self.rows, self.name, self.do, self.model = rows, name, do, model

    def row(self, subject, figure, limit, is_right):
        self.rows.row(f"{self.name}: {subject}", " ".join(str(figure).split()) or "nothing", limit, bool(is_right))

    def hold(self, subjects, limited_key):
        """Goes through the steps that the client can take."""
        first = self.answer("an answer", stream="stream" in subjects)
        if {"stream", "whole"} <= subjects:
            self.answer("an answer at once", stream=False)
        self.follow_up(first)
        self.unknown()
        for subject in ("models", "search", "stop", "leave", "resume", "deadline", "feedback"):
            if subject in subjects:
                getattr(self, subject)()
        self.wrong_key()
        self.rate_limit(limited_key)

    def answer(self, subject, stream):
        told = self.do("ask", question=FIRST, stream=stream)
        figure = f"{len(told.get('text', ''))} characters in {told.get('pieces')} pieces, {told.get('gaps')} gaps"
        is_right = is_whole(told) and (told["pieces"] > 1) == stream
        self.row(subject, figure if told.get("text") else told, "equal to the end's text, 0 gaps", is_right)
        self.row(f"{subject}: sources", ", ".join(told.get("sources", [])), SOURCE, SOURCE in told.get("sources", []))
        return told

    def follow_up(self, first):
        history = [{"role": "visitor", "text": FIRST}, {"role": "assistant", "text": first.get("text", "")}]
        alone, led = self.do("ask", question=FOLLOW_UP), self.do("ask", question=FOLLOW_UP, history=history)
        found = [SOURCE in told.get("sources", []) for told in (alone, led)]
        self.row("a follow-up", f"source found alone: {found[0]}, with history: {found[1]}", "False, True", found == [False, True] and is_whole(led))

    def unknown(self):
        told = self.do("ask", question=UNKNOWN)
        finish, sources = told.get("finish"), told.get("sources")
        self.row("an unknown question", f"{finish}, {len(sources or [])} sources", "no_evidence, 0", finish == "no_evidence" and sources == [])

    def models(self):
        models = self.do("models").get("models")
        self.row("models", models, "['smallbiz-chatbot']", models == ["smallbiz-chatbot"])

    def search(self):
        sources = self.do("search", query=FIRST).get("sources", [])
        self.row("a search", ", ".join(sources[:3]), SOURCE, SOURCE in sources)

    def stop(self):
        """The stopped answer is a beginning of the whole one."""
        whole, told = self.do("ask", question=LONG), self.do("ask", question=LONG, stop_after=3)
        is_part = is_whole(told) and whole.get("text", "").startswith(told["text"]) and len(told["text"]) < len(whole["text"])
        figure = f"{told.get('finish')} after {len(told.get('text', ''))} of {len(whole.get('text', ''))} characters"
        self.row("a stop", figure, "stopped, a part", is_part and told["finish"] == "stopped")

    def leave(self):
        """Nobody writes on for a client that can not come back."""
        before = self.model.left()
        told = self.do("ask", question=LONG, stop_after=3)
        left = self.model.left(until=before + 1) - before
        self.row("a reader who leaves", f"{told.get('pieces')} pieces read, {left} model stopped", "1 model stopped", left == 1)

    def resume(self):
        whole, told = self.do("ask", question=LONG), self.do("ask", question=LONG, cut_after=4)
        figure = f"{len(told.get('text', ''))} of {len(whole.get('text', ''))} characters, {told.get('gaps')} gaps"
        self.row("a cut and a return", figure, "all, 0 gaps", is_whole(told) and told["text"] == whole.get("text") and told.get("cuts") == 1)

    def deadline(self):
        before = self.model.left()
        refused = self.do("ask", question=LONG, deadline=0.4).get("refused")
        left = self.model.left(until=before + 1) - before
        self.row("a deadline of 400 ms", f"{refused}, {left} model stopped", "DEADLINE_EXCEEDED, 1", refused in DEADLINE and left == 1)

    def feedback(self):
        told = self.do("ask", question=FIRST)
        taken = self.do("feedback", answer_id=told.get("id"))
        self.row("an opinion", taken, "{'taken': True}", taken == {"taken": True})

    def wrong_key(self):
        refused = self.do("ask", question=FIRST, key="sbc_secret_" + "0" * 56)
        self.row("a wrong key", refused.get("refused"), "refused", refused.get("refused") in UNAUTHENTICATED and not refused.get("text"))

    def rate_limit(self, key):
        """The key allows one question a minute."""
        first, second = self.do("ask", question=FIRST, key=key), self.do("ask", question=FIRST, key=key)
        wait = float(second.get("retry_after") or 0)
        is_right = is_whole(first) and second.get("refused") in RATE_LIMITED and 0 < wait <= 60
        self.row("a rate limit", f"{second.get('refused')}, again in {wait:.0f} s", "refused, 1 to 60 s", is_right)


def is_whole(told):
    return bool(told.get("text")) and told["text"] == told.get("ended") and not told.get("gaps")
