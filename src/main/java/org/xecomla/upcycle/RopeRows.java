package org.xecomla.upcycle;

/** Where the rotated part of a head comes from. */
public enum RopeRows {
    /** X-EcoMLA's code: the last dimensions of a head, neighbours paired, whatever plane they were in. */
    LAST,
    /** Whole rotary planes of the base, evenly spread, so that frequencies stay the base's. */
    STRIDE,
    /** Neighbouring planes merged into one (FreqFold), turning with the frequency of the first. */
    FOLD,
    /** The planes whose shared key keeps most energy, with their own frequencies; stock servers cannot run it. */
    STRONGEST
}
