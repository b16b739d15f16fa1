package org.xecomla.tensor;

import java.nio.ByteBuffer;

/**
 * Causal attention strip by strip: the scores of some tens of queries against all keys that they see are made, turned into
 * probabilities and used up before the next strip, so that (T, T) never exists. The backward makes the probabilities again
 * from {@code logSumExp}.
 *
 * <p>The softmax of a strip is exact: unlike FlashAttention (Dao et al. 2022) no running maximum is corrected, since a row
 * of scores is short enough for the second-level cache.
 *
 * <p>Legend: M queries of a strip; S keys that its last query sees; K width of queries and keys, W of values.
 */
final class CpuAttention {
    private static final int MAX_STRIP_QUERIES = 64;
    private static final int MIN_STRIP_QUERIES = 32; // below, a product does not fill the registers
    private static final int STRIP_ELEMENTS = 1 << 16; // 256 KiB of scores
    private static final long GRAIN = 1 << 13; // scores that outweigh waking a helper

    private final Workers workers;
    private final RowMath math;
    private final HostScratch scratch;

    CpuAttention(Workers workers, RowMath math, HostScratch scratch) {
        this.workers = workers;
        this.math = math;
        this.scratch = scratch;
    }

    /** Queries {@code from} to {@code to} of sequence {@code b}; together they see the first {@code numVisible} keys. */
    private record Strip(AttentionShape shape, int b, int from, int to) {
        static int length(AttentionShape shape) {
            int fitting = STRIP_ELEMENTS / shape.keyLength();
            return Math.min(shape.queryLength(), Math.max(MIN_STRIP_QUERIES, Math.min(MAX_STRIP_QUERIES, fitting)));
        }

        static int count(AttentionShape shape) {
            return (shape.queryLength() + length(shape) - 1) / length(shape);
        }

        /** The strips in the order of falling length: the longest first, so that no thread is left with one at the end. */
        static Strip fromEnd(AttentionShape shape, int b, int index) {
            int from = (count(shape) - 1 - index) * length(shape);
            return new Strip(shape, b, from, Math.min(shape.queryLength(), from + length(shape)));
        }

        int numQueries() {
            return to - from;
        }

        int numVisible() {
            return shape.keyLength() - shape.queryLength() + to;
        }

        /** Number of keys that query {@code i} of the strip sees. */
        int numVisible(int i) {
            return shape.keyLength() - shape.queryLength() + from + i + 1;
        }

        Tensor queries(HeadView x, int head) {
            int start = b * shape.queryLength();
            return x.head(head).rows(start + from, start + to); // (M, width)
        }

        Tensor keys(HeadView x, int head) {
            int start = b * shape.keyLength();
            return x.head(head).rows(start, start + numVisible()); // (S, width)
        }
    }

    void forward(HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, AttentionShape shape) {
        int group = q.numHeads() / k.numHeads();
        int numStrips = Strip.count(shape);
        scratch.reserve(scratchOfForward(shape));
        runAll(shape.numSequences() * q.numHeads() * numStrips, scoresOf(q, shape), (task, worker) -> {
            int head = task % q.numHeads();
            int b = task / q.numHeads() % shape.numSequences();
            Strip strip = Strip.fromEnd(shape, b, task / q.numHeads() / shape.numSequences());
            Tensor p = scratch.matrix(worker, 0, strip.numQueries(), strip.numVisible()); // (M, S)
            CpuGemm.onThisThread(false, true, shape.scale(), strip.queries(q, head), strip.keys(k, head / group), 0, p);
            float[] inverseSums = exponentials(strip, p, logSumExp, head); // (M)
            Tensor mixed = strip.queries(out, head); // (M, W)
            CpuGemm.onThisThread(false, false, 1, p, strip.keys(v, head / group), 0, mixed);
            for (int i = 0; i < mixed.rows(); i++) {
                math.scale(inverseSums[i], window(mixed, i), index(mixed, i), mixed.cols());
            }
        });
    }

    /** scores -> exp(scores - maximum), 0 for keys that lie ahead; returns 1 / sum of every row. */
    private float[] exponentials(Strip strip, Tensor scores, Tensor logSumExp, int head) {
        float[] inverseSums = new float[scores.rows()];
        for (int i = 0; i < scores.rows(); i++) {
            ByteBuffer row = window(scores, i);
            int at = index(scores, i);
            int numVisible = strip.numVisible(i);
            float max = math.max(row, at, numVisible);
            double sum = math.expAndSum(1, max, row, at, numVisible);
            math.fill(0, row, at + numVisible * Float.BYTES, scores.cols() - numVisible);
            inverseSums[i] = (float) (1 / sum);
            if (logSumExp != null) {
                int queryRow = strip.b * strip.shape.queryLength() + strip.from + i;
                logSumExp.set(queryRow, head, max + Math.log(sum));
            }
        }
        return inverseSums;
    }

    /** Operands of a backward pass. */
    record Gradients(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {}

    /**
     * One task a sequence and key head: all query heads of the group add to the same dK and dV, one after the other, so
     * that sums come out the same in every run.
     */
    void backward(Gradients g, AttentionShape shape) {
        int numKeyHeads = g.k.numHeads();
        int group = g.q.numHeads() / numKeyHeads;
        scratch.reserve(scratchOfBackward(shape));
        runAll(shape.numSequences() * numKeyHeads, scoresOf(g.q, shape), (task, worker) -> {
            for (int member = 0; member < group; member++) {
                for (int s = 0; s < Strip.count(shape); s++) {
                    // the first strip sees all keys: it overwrites what dK and dV held, the others add
                    double beta = member == 0 && s == 0 ? 0 : 1;
                    Strip strip = Strip.fromEnd(shape, task / numKeyHeads, s);
                    backward(g, strip, task % numKeyHeads * group + member, task % numKeyHeads, beta, worker);
                }
            }
        });
    }

    private void backward(Gradients g, Strip strip, int head, int keyHead, double beta, int worker) {
        double scale = strip.shape.scale();
        Tensor q = strip.queries(g.q, head); // (M, K)
        Tensor k = strip.keys(g.k, keyHead); // (S, K)
        Tensor dOut = strip.queries(g.dOut, head); // (M, W)
        Tensor p = scratch.matrix(worker, 0, q.rows(), k.rows()); // (M, S)
        Tensor dP = scratch.matrix(worker, p.length(), q.rows(), k.rows()); // (M, S)
        CpuGemm.onThisThread(false, true, scale, q, k, 0, p); // scores so far
        CpuGemm.onThisThread(false, true, 1, dOut, strip.keys(g.v, keyHead), 0, dP);
        probabilities(g, strip, head, p, dP); // dP is the gradient of the scores from here on

        // forward was: out = p v
        CpuGemm.onThisThread(true, false, 1, p, dOut, beta, strip.keys(g.dV, keyHead)); // (S, W)
        // forward was: scores = scale q k^T
        CpuGemm.onThisThread(false, false, scale, dP, k, 0, strip.queries(g.dQ, head)); // (M, K)
        CpuGemm.onThisThread(true, false, scale, dP, q, beta, strip.keys(g.dK, keyHead)); // (S, K)
    }

    /** scores -> p = exp(scores - logSumExp), and dP -> p (dP - dOut . out), both 0 for keys that lie ahead. */
    private void probabilities(Gradients g, Strip strip, int head, Tensor p, Tensor dP) {
        Tensor out = strip.queries(g.out, head); // (M, W)
        Tensor dOut = strip.queries(g.dOut, head); // (M, W)
        int firstRow = strip.b * strip.shape.queryLength() + strip.from;
        for (int i = 0; i < p.rows(); i++) {
            int numVisible = strip.numVisible(i);
            int ahead = p.cols() - numVisible;
            float dot = math.dot(window(dOut, i), index(dOut, i), window(out, i), index(out, i), out.cols());
            float logSum = (float) g.logSumExp.get(firstRow + i, head);
            math.softmaxBackward(logSum, dot, window(p, i), index(p, i), window(dP, i), index(dP, i), numVisible);
            math.fill(0, window(p, i), index(p, i) + numVisible * Float.BYTES, ahead);
            math.fill(0, window(dP, i), index(dP, i) + numVisible * Float.BYTES, ahead);
        }
    }

    /** Elements of a thread's scratch: the scores of a strip. */
    static long scratchOfForward(AttentionShape shape) {
        return (long) Strip.length(shape) * shape.keyLength();
    }

    /** Elements of a thread's scratch: the probabilities of a strip, and their gradient. */
    static long scratchOfBackward(AttentionShape shape) {
        return 2 * scratchOfForward(shape);
    }

    private static long scoresOf(HeadView q, AttentionShape shape) {
        return (long) shape.numSequences() * q.numHeads() * shape.queryLength() * shape.keyLength();
    }

    /** Wakes helpers only for work that is worth it. */
    private void runAll(int numTasks, long numScores, Workers.Task task) {
        if (numScores < GRAIN) {
            for (int index = 0; index < numTasks; index++) {
                task.run(index, 0);
            }
        } else {
            workers.run(numTasks, task);
        }
    }

    private static ByteBuffer window(Tensor t, int row) {
        return t.storage().windowAt(t.offset() + (long) row * t.stride());
    }

    private static int index(Tensor t, int row) {
        return t.storage().windowIndex(t.offset() + (long) row * t.stride());
    }
}
