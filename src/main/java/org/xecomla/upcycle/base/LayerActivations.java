package org.xecomla.upcycle.base;

import java.io.Serializable;
import org.xecomla.linalg.Matrix;

/**
 * What the calibration text shows of the inputs x of one layer's attention, after its RMSNorm. Legend: D model; one
 * more where the layer has biases: then the last element of every x is 1 ({@link BaseAttention}).
 *
 * @param numTokens how many inputs were seen
 * @param secondMoment E[x x<sup>T</sup>] over all of them (D, D)
 * @param sample some of the inputs themselves, evenly spread over the text (numSamples, D)
 * @param gradients moments of the gradients of what keys and values are made of, in the model that the method takes
 *     them in; null: not asked for
 */
public record LayerActivations(long numTokens, Matrix secondMoment, Matrix sample, MomentSums gradients)
        implements Serializable {
    /** Where no gradients were asked for. */
    public LayerActivations(long numTokens, Matrix secondMoment, Matrix sample) {
        this(numTokens, secondMoment, sample, null);
    }

    public LayerActivations {
        if (secondMoment.rows() != secondMoment.cols() || sample.cols() != secondMoment.cols() || sample.rows() < 1) {
            throw new IllegalArgumentException(
                    "activations with second moment " + secondMoment + " and sample " + sample);
        }
    }

    /** All of {@code inputs} (numTokens, D) as moments and as sample. */
    public static LayerActivations of(Matrix inputs) {
        Matrix moment = inputs.transposeTimes(inputs).scale(1.0 / inputs.rows()); // (D, D)
        return new LayerActivations(inputs.rows(), moment, inputs);
    }

    /** The same with moments of gradients. */
    public LayerActivations withGradients(MomentSums sums) {
        return new LayerActivations(numTokens, secondMoment, sample, sums);
    }
}
