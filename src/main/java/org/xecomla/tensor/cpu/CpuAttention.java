package org.xecomla.tensor.cpu;

import static org.xecomla.tensor.cpu.HostRows.index;
import static org.xecomla.tensor.cpu.HostRows.window;

import java.nio.ByteBuffer;
import java.util.Arrays;
import org.xecomla.tensor.Attention;
import org.xecomla.tensor.HeadView;
import org.xecomla.tensor.Sequences;
import org.xecomla.tensor.Tensor;
import org.xecomla.tensor.cpu.bf16.Bf16Gemm;
import org.xecomla.tensor.cpu.bf16.Bf16Shapes;
import org.xecomla.tensor.host.HostScratch;
import org.xecomla.tensor.host.Workers;
import org.xecomla.tensor.memory.HostStorage;

/**
 * Causal attention tile by tile: the scores of some tens of queries against all keys that they see are made, turned
 * into probabilities and used up before the next tile, so that (T, T) never exists. The backward makes the
 * probabilities again from {@code logSumExp}.
 *
 * <p>The softmax of a tile is exact: unlike FlashAttention (Dao et al. 2022) no running maximum is corrected, since a
 * row of scores is short enough for the second-level cache.
 *
 * <p>Where a tile's first query begins to see, its keys begin: those of documents that ended before are not touched.
 *
 * <p>Legend: M queries of a tile; S keys that any of them sees; K width of queries and keys, W of values.
 */
public final class CpuAttention implements Attention {
    private static final int MAX_TILE_QUERIES = 64;
    private static final int MIN_TILE_QUERIES = 32; // below, a product does not fill the registers
    private static final int TILE_ELEMENTS = 1 << 16; // 256 KiB of scores
    private static final long GRAIN = 1 << 13; // scores that outweigh waking a helper

    private final Workers workers;
    private final RowLoops loops;
    private final SoftmaxLoops softmax;
    private final HostScratch scratch;
    private final Bf16Gemm rounding; // null: fp32

    /** @param rounding for the products of whole sequences; null: fp32 */
    CpuAttention(Workers workers, RowLoops loops, SoftmaxLoops softmax, HostScratch scratch, Bf16Gemm rounding) {
        this.workers = workers;
        this.loops = loops;
        this.softmax = softmax;
        this.scratch = scratch;
        this.rounding = rounding;
    }

    /**
     * An operand of a tile's products.
     *
     * @param rounded null: fp32
     */
    private record Operand(Tensor values, Bf16Gemm.Rounded rounded) {}

    /** The heads that tiles are cut from, and their bfloat16 copies, rounded once for all tiles. */
    private record Heads(HeadView view, Bf16Gemm.Rounded copy) {
        Operand queries(Tile tile, int head) {
            return operand(tile.queries(view, head)); // (M, width)
        }

        Operand keys(Tile tile, int head) {
            return operand(tile.keys(view, head)); // (S, width)
        }

        private Operand operand(Tensor part) {
            return new Operand(part, copy == null ? null : copy.part(view.tensor(), part));
        }
    }

    private Heads[] heads(boolean rounds, HeadView... views) {
        Tensor[] tensors = Arrays.stream(views).map(HeadView::tensor).toArray(Tensor[]::new);
        Bf16Gemm.Rounded[] copies = rounds ? rounding.round(tensors) : new Bf16Gemm.Rounded[views.length];
        Heads[] heads = new Heads[views.length];
        for (int i = 0; i < heads.length; i++) {
            heads[i] = new Heads(views[i], copies[i]);
        }
        return heads;
    }

    private boolean rounds(Sequences sequences, HeadView k, HeadView v, boolean backward) {
        return rounding != null && rounding.shapes().admits(sequences, k, v, backward);
    }

    /** {@code values} (M, S) of a worker's scratch, and their copy {@code start} elements from its beginning. */
    private Operand made(int worker, Tensor values, long start, boolean rounded) {
        if (!rounded) {
            return new Operand(values, null);
        }
        Tensor place = scratch.matrix(worker, start, 1, 1);
        long address = HostStorage.of(place).address(place.offset());
        Bf16Gemm.Rounded copy = new Bf16Gemm.Rounded(values.rows(), values.cols(), address, values.cols());
        rounding.onThisThread(worker, values, copy);
        return new Operand(values, copy);
    }

    private void product(
            int worker, boolean transposeA, boolean transposeB, Operand a, Operand b, double beta, Tensor c) {
        if (a.rounded == null) {
            CpuGemm.onThisThread(transposeA, transposeB, 1, a.values, b.values, beta, c);
        } else {
            rounding.onThisThread(worker, transposeA, transposeB, a.rounded, b.rounded, beta == 1, c);
        }
    }

    /**
     * Queries {@code from} to {@code to} of sequence {@code b}; together they see {@link #firstKey} to
     * {@link #endOfKeys}.
     */
    private record Tile(Sequences sequences, int b, int from, int to, boolean fewWidths) {
        static int length(Sequences sequences) {
            int fitting = TILE_ELEMENTS / sequences.keyLength();
            return Math.min(sequences.queryLength(), Math.max(MIN_TILE_QUERIES, Math.min(MAX_TILE_QUERIES, fitting)));
        }

        static int count(Sequences sequences) {
            return (sequences.queryLength() + length(sequences) - 1) / length(sequences);
        }

        /**
         * The tiles in the order of falling length: the longest first, so that no thread is left with one at the end.
         */
        static Tile fromEnd(Sequences sequences, int b, int index, boolean fewWidths) {
            int from = (count(sequences) - 1 - index) * length(sequences);
            return new Tile(sequences, b, from, Math.min(sequences.queryLength(), from + length(sequences)), fewWidths);
        }

        int numQueries() {
            return to - from;
        }

        /** The number of keys is one of {@value Bf16Shapes#MOST_WIDTHS}, where few widths are wanted. */
        int firstKey() {
            int first = sequences.firstKey(b, from);
            return Math.max(0, endOfKeys() - roundUp(endOfKeys() - first));
        }

        int endOfKeys() {
            return Math.min(sequences.keyLength(), roundUp(sequences.lastKey(to - 1) + 1));
        }

        private int roundUp(int numKeys) {
            int numWidths = fewWidths ? Bf16Shapes.MOST_WIDTHS : sequences.keyLength();
            int granule = (sequences.keyLength() + numWidths - 1) / numWidths;
            return (numKeys + granule - 1) / granule * granule;
        }

        int numKeys() {
            return endOfKeys() - firstKey();
        }

        /** The tile's keys that come before those which query {@code i} of it sees. */
        int numBefore(int i) {
            return sequences.firstKey(b, from + i) - firstKey();
        }

        /** Number of keys that query {@code i} of the tile sees. */
        int numVisible(int i) {
            return sequences.lastKey(from + i) + 1 - sequences.firstKey(b, from + i);
        }

        Tensor queries(HeadView x, int head) {
            int start = b * sequences.queryLength();
            return x.head(head).rows(start + from, start + to); // (M, width)
        }

        Tensor keys(HeadView x, int head) {
            int start = b * sequences.keyLength();
            return x.head(head).rows(start + firstKey(), start + endOfKeys()); // (S, width)
        }

        Tensor earlierKeys(HeadView x, int head) {
            int start = b * sequences.keyLength();
            return x.head(head).rows(start, start + firstKey()); // (keys, width)
        }
    }

    @Override
    public void forward(
            HeadView q, HeadView k, HeadView v, HeadView out, Tensor logSumExp, Sequences sequences, double scale) {
        int group = q.numHeads() / k.numHeads();
        int numTiles = Tile.count(sequences);
        scratch.reserve(scratchOfForward(sequences));
        boolean rounds = rounds(sequences, k, v, false);
        Heads[] heads = heads(rounds, q, k, v);
        runAll(sequences.numSequences() * q.numHeads() * numTiles, scoresOf(q, sequences), (task, worker) -> {
            int head = task % q.numHeads();
            int b = task / q.numHeads() % sequences.numSequences();
            Tile tile = Tile.fromEnd(sequences, b, task / q.numHeads() / sequences.numSequences(), rounds);
            Operand queries = heads[0].queries(tile, head); // (M, K)
            Operand keys = heads[1].keys(tile, head / group); // (S, K)
            Tensor p = scratch.matrix(worker, 0, tile.numQueries(), tile.numKeys()); // (M, S)
            product(worker, false, true, queries, keys, 0, p); // (M, S)
            float[] inverseSums = exponentials(tile, p, (float) scale, logSumExp, head); // (M)
            Operand probabilities = made(worker, p, p.length(), queries.rounded != null); // (M, S)
            Tensor mixed = tile.queries(out, head); // (M, W)
            product(worker, false, false, probabilities, heads[2].keys(tile, head / group), 0, mixed); // (M, W)
            for (int i = 0; i < mixed.rows(); i++) {
                loops.scale(inverseSums[i], window(mixed, i), index(mixed, i), mixed.cols());
            }
        });
    }

    /** products -> exp(scores - maximum), 0 for keys that are not seen; returns 1 / sum of every row. */
    private float[] exponentials(Tile tile, Tensor scores, float scale, Tensor logSumExp, int head) {
        float[] inverseSums = new float[scores.rows()];
        for (int i = 0; i < scores.rows(); i++) {
            ByteBuffer row = window(scores, i);
            int at = index(scores, i) + tile.numBefore(i) * Float.BYTES;
            int numVisible = tile.numVisible(i);
            float max = scale * softmax.max(row, at, numVisible);
            double sum = softmax.expAndSum(scale, max, row, at, numVisible);
            clearUnseen(tile, scores, i);
            inverseSums[i] = (float) (1 / sum);
            if (logSumExp != null) {
                int queryRow = tile.b * tile.sequences.queryLength() + tile.from + i;
                logSumExp.set(queryRow, head, max + Math.log(sum));
            }
        }
        return inverseSums;
    }

    /** 0 for the keys of row {@code i} that it does not see: those of other documents, and those that lie ahead. */
    private void clearUnseen(Tile tile, Tensor scores, int i) {
        int numBefore = tile.numBefore(i);
        int end = numBefore + tile.numVisible(i);
        loops.fill(0, window(scores, i), index(scores, i), numBefore);
        loops.fill(0, window(scores, i), index(scores, i) + end * Float.BYTES, scores.cols() - end);
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
        backward(new Gradients(dOut, q, k, v, out, logSumExp, (float) scale, dQ, dK, dV), sequences);
    }

    /** Operands of a backward pass. */
    private record Gradients(
            HeadView dOut,
            HeadView q,
            HeadView k,
            HeadView v,
            HeadView out,
            Tensor logSumExp,
            float scale,
            HeadView dQ,
            HeadView dK,
            HeadView dV) {}

    /**
     * One task a sequence and key head: all query heads of the group add to the same dK and dV, one after the other, so
     * that sums come out the same in every run.
     */
    private void backward(Gradients g, Sequences sequences) {
        int numKeyHeads = g.k.numHeads();
        int group = g.q.numHeads() / numKeyHeads;
        scratch.reserve(scratchOfBackward(sequences));
        boolean rounds = rounds(sequences, g.k, g.v, true);
        Heads[] heads = heads(rounds, g.q, g.k, g.v, g.dOut);
        runAll(sequences.numSequences() * numKeyHeads, scoresOf(g.q, sequences), (task, worker) -> {
            for (int member = 0; member < group; member++) {
                for (int s = 0; s < Tile.count(sequences); s++) {
                    // the first tile overwrites what dK and dV held, the others add
                    boolean first = member == 0 && s == 0;
                    int keyHead = task % numKeyHeads;
                    Tile tile = Tile.fromEnd(sequences, task / numKeyHeads, s, rounds);
                    if (first) {
                        clear(tile.earlierKeys(g.dK, keyHead)); // (keys, K)
                        clear(tile.earlierKeys(g.dV, keyHead)); // (keys, W)
                    }
                    backward(g, heads, tile, keyHead * group + member, keyHead, first ? 0 : 1, worker);
                }
            }
        });
    }

    private void clear(Tensor x) {
        for (int row = 0; row < x.rows(); row++) {
            loops.fill(0, window(x, row), index(x, row), x.cols());
        }
    }

    private void backward(Gradients g, Heads[] heads, Tile tile, int head, int keyHead, double beta, int worker) {
        Operand q = heads[0].queries(tile, head); // (M, K)
        Operand k = heads[1].keys(tile, keyHead); // (S, K)
        Operand dOut = heads[3].queries(tile, head); // (M, W)
        Tensor p = scratch.matrix(worker, 0, tile.numQueries(), tile.numKeys()); // (M, S)
        Tensor dScores = scratch.matrix(worker, p.length(), p.rows(), p.cols()); // (M, S)
        product(worker, false, true, q, k, 0, p); // (M, S) before scale and softmax
        product(worker, false, true, dOut, heads[2].keys(tile, keyHead), 0, dScores); // (M, S) of p so far
        probabilities(g, tile, head, p, dScores);
        boolean rounded = q.rounded != null;
        Operand probabilities = made(worker, p, 2 * p.length(), rounded); // (M, S)

        // forward was: out = p v
        product(worker, true, false, probabilities, dOut, beta, tile.keys(g.dV, keyHead)); // (S, W)
        // forward was: scores = scale q k^T, and the scale is in dScores
        Operand dP = made(worker, dScores, 2 * p.length(), rounded); // (M, S)
        product(worker, false, false, dP, k, 0, tile.queries(g.dQ, head)); // (M, K)
        product(worker, true, false, dP, q, beta, tile.keys(g.dK, keyHead)); // (S, K)
    }

    /**
     * products -> p = exp(scores - logSumExp), and dP -> scale p (dP - dOut . out), both 0 for keys that are not seen.
     */
    private void probabilities(Gradients g, Tile tile, int head, Tensor p, Tensor dP) {
        Tensor out = tile.queries(g.out, head); // (M, W)
        Tensor dOut = tile.queries(g.dOut, head); // (M, W)
        int firstRow = tile.b * tile.sequences.queryLength() + tile.from;
        for (int i = 0; i < p.rows(); i++) {
            int before = tile.numBefore(i) * Float.BYTES;
            float dot = loops.dot(window(dOut, i), index(dOut, i), window(out, i), index(out, i), out.cols());
            float logSum = (float) g.logSumExp.get(firstRow + i, head);
            int pAt = index(p, i) + before;
            int dPAt = index(dP, i) + before;
            softmax.backward(g.scale, logSum, dot, window(p, i), pAt, window(dP, i), dPAt, tile.numVisible(i));
            clearUnseen(tile, p, i);
            clearUnseen(tile, dP, i);
        }
    }

    /** Elements of a thread's scratch: the scores of a tile, and room to round them. */
    public static long scratchOfForward(Sequences sequences) {
        long scores = (long) Tile.length(sequences) * sequences.keyLength();
        return scores + Bf16Gemm.halves(scores);
    }

    /** Elements of a thread's scratch: the probabilities of a tile, their gradient, and room to round either. */
    public static long scratchOfBackward(Sequences sequences) {
        long scores = (long) Tile.length(sequences) * sequences.keyLength();
        return 2 * scores + Bf16Gemm.halves(scores);
    }

    private static long scoresOf(HeadView q, Sequences sequences) {
        return (long) sequences.numSequences() * q.numHeads() * sequences.queryLength() * sequences.keyLength();
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
}
