package org.xecomla.upcycle;

/** Which factor of a truncated SVD takes the singular values. The product is the same, training differs. */
public enum SingularValues {
    /** The down projection: X-EcoMLA's code. */
    DOWN,
    /** The up projection: X-EcoMLA's paper. */
    UP
}
