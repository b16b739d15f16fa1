package org.xecomla.upcycle.slots;

import java.util.List;
import org.xecomla.config.model.RopeScaling;
import org.xecomla.upcycle.base.MethodPlan;

/**
 * What the phased start needs beyond the ranks of a layer.
 *
 * @param slots planes of the shared rope key, in the order of the student's rotary planes
 * @param keyWeight weight of the remaining keys against the values in the latent; 1: equal norms
 * @param balanced rescale the factors so that their rows have equal root mean squares: changes no output
 */
public record PhasedPlan(List<RopeSlot> slots, double keyWeight, boolean balanced) implements MethodPlan {
    public PhasedPlan {
        slots = List.copyOf(slots);
        if (slots.isEmpty() || !(keyWeight > 0)) {
            throw new IllegalArgumentException("no phased start of " + slots + ", key weight " + keyWeight);
        }
    }

    /** Rotated dimensions. */
    public int ropeDim() {
        return 2 * slots.size();
    }

    /** The slots' own frequencies. */
    public RopeScaling ropeScaling() {
        return new RopeScaling.Explicit(slots.stream().map(RopeSlot::frequency).toList());
    }
}
