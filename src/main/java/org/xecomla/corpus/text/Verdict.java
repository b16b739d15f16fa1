package org.xecomla.corpus.text;

/** What becomes of a document of the corpus. */
public enum Verdict {
    KEPT("kept"),
    NOT_DRAWN("not drawn: the weight of its source takes only a share"),
    DUPLICATE("the same text came before"),
    IN_BENCHMARK("shares a run of words with a task file"),
    BAD_ROW("no document can be read from the row");

    private final String reason;

    Verdict(String reason) {
        this.reason = reason;
    }

    /** For people. */
    public String reason() {
        return reason;
    }
}
