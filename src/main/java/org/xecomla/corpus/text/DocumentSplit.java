package org.xecomla.corpus.text;

import java.io.Serializable;

/**
 * The documents of a file whose lines begin in bytes [start, end): one task's share of the corpus. Splits in their
 * order are the corpus in its order, whatever their size.
 *
 * @param file location, as a string so that it crosses to other processes
 * @param source place of the entry in the list of the corpus's files that the file belongs to
 * @param copy how often the file has come before: a source may be taken more than once
 */
public record DocumentSplit(String file, long start, long end, int source, int copy) implements Serializable {
    /** Length of the splits that tasks of a run take, but for the last of a file. */
    public static final long TASK_BYTES = 8L << 20;

    public DocumentSplit(String file, long start, long end) {
        this(file, start, end, 0, 0);
    }
}
