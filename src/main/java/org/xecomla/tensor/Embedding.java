package org.xecomla.tensor;

/** Rows of a table by their numbers. */
public interface Embedding {
    /**
     * out row n = table row ids[n].
     *
     * @throws IndexOutOfBoundsException where the table has no such row
     */
    void gather(Tensor table, Indices ids, Tensor out);

    /**
     * The backward of {@link #gather}: dTable row ids[n] += dOut row n; repeated ids add up, in the order of n.
     *
     * @throws IndexOutOfBoundsException where the table has no such row
     */
    void scatterAdd(Tensor dOut, Indices ids, Tensor dTable);
}
