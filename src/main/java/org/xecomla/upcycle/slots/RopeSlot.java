package org.xecomla.upcycle.slots;

import java.io.Serializable;
import java.util.List;

/**
 * One complex plane of the student's shared rope key, and what of the base it stands for.
 *
 * @param planes rotary planes of the base that share it, ascending
 * @param eigen which eigenvector of their keys, 0 the one that keeps most energy
 * @param frequency by which it turns, radians per position
 */
public record RopeSlot(List<Integer> planes, int eigen, double frequency) implements Serializable {
    public RopeSlot {
        planes = List.copyOf(planes);
        if (planes.isEmpty() || eigen < 0 || !(frequency >= 0) || Double.isInfinite(frequency)) {
            throw new IllegalArgumentException(
                    "no slot of planes " + planes + ", eigenvector " + eigen + ", frequency " + frequency);
        }
    }
}
