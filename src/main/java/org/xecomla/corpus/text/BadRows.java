package org.xecomla.corpus.text;

import java.util.Optional;
import org.xecomla.errors.UserException;

/** Counts rows that cannot be read as documents, up to a limit. For one thread. */
final class BadRows {
    private final long limit;
    private long number;

    BadRows(long limit) {
        this.limit = limit;
    }

    /**
     * The document of one row; empty where it is passed over.
     *
     * @throws UserException what is wrong with the row, where no more may be
     */
    Optional<Document> read(Row row) {
        try {
            return Optional.of(row.document());
        } catch (UserException e) {
            if (number == limit) {
                throw limit == 0 ? e : tooMany(e);
            }
            number++;
            return Optional.empty();
        }
    }

    private UserException tooMany(UserException last) {
        return new UserException(
                last.getMessage() + "; " + limit + " bad rows are passed over (corpus.skip-bad-rows), and no more",
                last);
    }

    long number() {
        return number;
    }

    /** A row that is yet to be read. */
    interface Row {
        Document document();
    }
}
