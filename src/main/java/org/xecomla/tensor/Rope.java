package org.xecomla.tensor;

/** Rotary position embedding (Su et al. 2021), half-split: plane j of a head of width P is (x_j, x_{j+P/2}). */
public interface Rope {
    /**
     * Rotates every head in place, by the angle of plane j at the row's position.
     *
     * @param x (N rows), heads of width P
     * @param cos (positions, P/2), times the rope factor m
     * @param sin (positions, P/2), times m
     * @param positions (N) of the rows
     */
    void forward(HeadView x, Tensor cos, Tensor sin, Indices positions);

    /** The transpose of {@link #forward}, in place on its gradient: the angle negated. */
    void backward(HeadView dX, Tensor cos, Tensor sin, Indices positions);
}
