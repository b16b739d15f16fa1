package org.xecomla.tensor.torch;

import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.LongOptional;
import org.bytedeco.pytorch.global.torch;
import org.xecomla.tensor.Attention;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;

/**
 * {@link Attention} by libtorch's operator for the processor, which computes in tiles and keeps no probabilities. It
 * wants values as wide as keys, and as many key heads as query heads: what is narrower is filled with zeros, key heads
 * are repeated for their group.
 *
 * <p>Legend: B sequences, H query heads, J key heads, T queries, S keys, K width of queries and keys, W width of
 * values, M the larger of both.
 */
final class TorchAttention implements Attention {
    private static final String OPERATOR = "aten::_scaled_dot_product_flash_attention_for_cpu";

    private final TorchViews views;

    TorchAttention(TorchViews views) {
        this.views = views;
    }

    @Override
    public void forward(
            HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor mask = mask(sequences);
            IValueVector stack = new IValueVector(
                    fit(q, q, v, sequences), // (B, H, T, M)
                    fit(k, q, v, sequences), // (B, H, S, M)
                    fit(v, q, k, sequences), // (B, H, S, M)
                    new IValue(0.0), // dropout
                    new IValue(mask == null && sequences.queryLength() > 1),
                    mask == null ? new IValue() : new IValue(mask),
                    new IValue(scale));
            Dispatcher.singleton().findSchemaOrThrow(OPERATOR, "").callBoxed(stack);
            store(stack.get(0), out, sequences); // (B, H, T, W)
            if (logSumExp != null) {
                statistics(logSumExp, sequences).copy_(stack.get(1).toTensor()); // (B, H, T)
            }
        }
    }

    @Override
    public void backward(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            Sequences sequences,
            double scale,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {
        try (TorchScope scope = views.open()) {
            org.bytedeco.pytorch.Tensor mask = mask(sequences);
            // forward was: out = softmax(scale q k^T) v
            IValueVector stack = new IValueVector(
                    fit(dOut, q, k, sequences), // (B, H, T, M)
                    fit(q, q, v, sequences), // (B, H, T, M)
                    fit(k, q, v, sequences), // (B, H, S, M)
                    fit(v, q, k, sequences), // (B, H, S, M)
                    fit(out, q, k, sequences), // (B, H, T, M)
                    new IValue(statistics(logSumExp, sequences).contiguous()), // (B, H, T)
                    new IValue(0.0), // dropout
                    new IValue(mask == null),
                    mask == null ? new IValue() : new IValue(mask),
                    new IValue(scale));
            Dispatcher.singleton().findSchemaOrThrow(OPERATOR + "_backward", "").callBoxed(stack);
            store(stack.get(0), dQ, sequences); // (B, H, T, K)
            store(stack.get(1), dK, sequences); // (B, J, S, K)
            store(stack.get(2), dV, sequences); // (B, J, S, W)
        }
    }

    /** One column for each query head: (B, H, T). */
    private org.bytedeco.pytorch.Tensor statistics(Tensor x, Sequences sequences) {
        HeadView columns = new HeadView(x, x.cols(), 1, 0, 1);
        return views.sequences(columns, sequences.numSequences()).select(3, 0);
    }

    /** {@code x} with as many heads as the queries, at least as wide as {@code other}. */
    private IValue fit(HeadView x, HeadView queries, HeadView other, Sequences sequences) {
        org.bytedeco.pytorch.Tensor fitting = views.sequences(x, sequences.numSequences()); // (B, J, S, width)
        if (x.numHeads() != queries.numHeads()) {
            long group = queries.numHeads() / x.numHeads();
            fitting = fitting.repeat_interleave(group, new LongOptional(1), new LongOptional());
        }
        int missing = other.width() - x.width();
        return new IValue(missing > 0 ? torch.pad(fitting, 0, missing) : fitting);
    }

    /** Cuts what was filled, and adds up what the members of a group have in common. */
    private void store(IValue from, HeadView to, Sequences sequences) {
        org.bytedeco.pytorch.Tensor result = from.toTensor().narrow(3, 0, to.width()); // (B, H, T, width)
        if (result.size(1) != to.numHeads()) {
            long group = result.size(1) / to.numHeads();
            result = result.reshape(result.size(0), to.numHeads(), group, result.size(2), to.width())
                    .sum(2); // (B, J, S, width)
        }
        views.sequences(to, sequences.numSequences()).copy_(result);
    }

    /** (B, 1, T, S): minus infinity at keys that a query does not see; null where causality says it all. */
    private org.bytedeco.pytorch.Tensor mask(Sequences sequences) {
        int numSequences = sequences.numSequences();
        int numQueries = sequences.queryLength();
        int numKeys = sequences.keyLength();
        int[] first = new int[sequences.numRows()];
        int[] last = new int[numQueries];
        boolean documents = false;
        for (int row = 0; row < first.length; row++) {
            first[row] = sequences.firstKey(row / numQueries, row % numQueries);
            last[row % numQueries] = sequences.lastKey(row % numQueries);
            documents |= first[row] > 0;
        }
        if (!documents && (numQueries == numKeys || numQueries == 1)) {
            return null;
        }
        int[] numbers = new int[numKeys];
        for (int j = 0; j < numKeys; j++) {
            numbers[j] = j;
        }
        org.bytedeco.pytorch.Tensor keys = views.ids(numbers, 1, 1, 1, numKeys); // (1, 1, 1, S)
        org.bytedeco.pytorch.Tensor unseen = keys.lt(views.ids(first, numSequences, 1, numQueries, 1)) // (B, 1, T, S)
                .logical_or_(keys.gt(views.ids(last, 1, 1, numQueries, 1)));
        org.bytedeco.pytorch.Tensor mask =
                torch.zeros(new long[] {numSequences, 1, numQueries, numKeys}, views.options()); // (B, 1, T, S)
        return mask.masked_fill_(unseen, TorchViews.scalar(Double.NEGATIVE_INFINITY));
    }
}
