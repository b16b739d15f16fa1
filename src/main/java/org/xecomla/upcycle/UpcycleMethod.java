package org.xecomla.upcycle;

/** The initialisations on offer. */
public enum UpcycleMethod {
    /** X-EcoMLA's (arXiv 2503.11132): SVD of the weights. */
    XECOMLA,
    /** Aligned with the rotation and weighted by activations: RoRoPE's and CARE's ideas. */
    ALIGNED
}
