package org.xecomla.tensor;

/**
 * Heads times a number that every row has for each group of them: norms of queries and keys whose length is that of
 * other columns. Legend: N rows, H heads of W columns, G groups: head h is of group h * G / H.
 */
public interface HeadScale {
    /**
     * s = (mean(x^2) + epsilon)^(-1/2), the mean over all heads of a group.
     *
     * @param x (N, H, W)
     * @param s (N, G), overwritten
     */
    void inverseRms(HeadView x, double epsilon, Tensor s);

    /**
     * The backward of {@link #inverseRms}.
     *
     * @param dS (N, G)
     * @param dX (N, H, W), adds
     */
    void inverseRmsBackward(Tensor dS, HeadView x, Tensor s, HeadView dX);

    /**
     * y = s x, in place.
     *
     * @param x (N, H, W), of which s need not come
     * @param s (N, G)
     */
    void scale(HeadView x, Tensor s);

    /**
     * The backward of {@link #scale}: dX = s dY in place.
     *
     * @param dY (N, H, W), in place
     * @param y (N, H, W), what scale has made
     * @param dS (N, G), overwritten
     */
    void scaleBackward(HeadView dY, HeadView y, Tensor s, Tensor dS);

    /**
     * Scores of cached keys times the keys' own numbers, in place: score (h, n) times s of row n, h's group.
     *
     * @param scores (H, N)
     * @param s (N, G)
     */
    void scaleScores(Tensor scores, Tensor s);
}
