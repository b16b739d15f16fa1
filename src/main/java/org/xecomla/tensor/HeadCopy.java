package org.xecomla.tensor;

/** Copies of heads into others, and their backward, the sum: how MLA's keys are put together of two parts. */
public interface HeadCopy {
    /** target = source, head by head and row by row; a shared source (stride 0) is repeated for every target head. */
    void copy(HeadView source, HeadView target);

    /** target += source; a shared target (stride 0) receives the sum over heads. The backward of {@link #copy}. */
    void add(HeadView source, HeadView target);
}
