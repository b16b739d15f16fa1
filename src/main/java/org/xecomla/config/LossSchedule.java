package org.xecomla.config;

/**
 * How a weight of the loss changes over a run: from its start value at the first step to its end value at the last.
 *
 * @param end ignored where the form is constant
 */
public record LossSchedule(Form form, double end) {
    /** The way from start to end. */
    public enum Form {
        CONSTANT,
        LINEAR,
        COSINE
    }

    static LossSchedule of(StrictConfig config, String key, Range range) {
        return new LossSchedule(config.choice(key, Form.class), config.number(key + "-end", range));
    }

    public boolean isConstant() {
        return form == Form.CONSTANT;
    }

    /**
     * The value at one of {@code numSteps} steps.
     *
     * @param step steps done before
     */
    public double at(long step, long numSteps, double start) {
        double done = Math.min(1, (double) step / Math.max(1, numSteps - 1));
        return switch (form) {
            case CONSTANT -> start;
            case LINEAR -> start + (end - start) * done;
            case COSINE -> end + (start - end) * (1 + Math.cos(Math.PI * done)) / 2;
        };
    }
}
