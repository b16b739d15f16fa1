package org.xecomla.eval;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;

/**
 * How far a student is from its teacher along windows that are longer than those it was trained on: one whose rotary
 * planes were merged on short windows is near within them, and lost beyond.
 *
 * @param trainedLength tokens of a window of the training
 * @param blocks of equal numbers of positions, to the end of the longer windows
 */
public record KlByPosition(int trainedLength, List<Block> blocks) {
    /** Blocks within the trained length, and as many for each length beyond it. */
    private static final int BLOCKS = 4;

    /** A divergence beyond the trained length of more than so many times that before its end is worth a warning. */
    private static final double RISE = 1.25;

    /**
     * Positions [from, to) of a window.
     *
     * @param kl mean of KL(teacher || student) in nats
     */
    public record Block(int from, int to, double kl) {}

    public KlByPosition {
        blocks = List.copyOf(blocks);
    }

    /**
     * @param details of windows that are a whole number of trained lengths; compared with a teacher
     * @param trainedLength at least {@value #BLOCKS}
     */
    public static KlByPosition of(EvalDetails details, int trainedLength) {
        int length = details.positions().size();
        int numBlocks = BLOCKS * (length / trainedLength);
        List<Block> blocks = new ArrayList<>();
        for (int b = 0; b < numBlocks; b++) {
            int from = (int) ((long) length * b / numBlocks);
            int to = (int) ((long) length * (b + 1) / numBlocks);
            EvalDetails.Sums sums = details.positions().subList(from, to).stream()
                    .reduce(EvalDetails.Sums.ZERO, EvalDetails.Sums::plus);
            blocks.add(new Block(from, to, sums.kl() / sums.numCompared()));
        }
        return new KlByPosition(trainedLength, blocks);
    }

    /** What a person should know, where the divergence rises beyond the trained length. */
    public Optional<String> warning() {
        double before = blocks.stream()
                .filter(block -> block.to <= trainedLength)
                .reduce((first, second) -> second)
                .orElseThrow()
                .kl;
        Block worst = blocks.stream()
                .filter(block -> block.from >= trainedLength)
                .max((a, b) -> Double.compare(a.kl, b.kl))
                .orElseThrow();
        if (worst.kl <= RISE * before) {
            return Optional.empty();
        }
        return Optional.of(String.format(
                Locale.ROOT,
                "the KL to the teacher rises beyond the %,d tokens of a training window: %.4f at the end of it, %.4f at"
                        + " positions %,d to %,d; where such contexts are served, search slots on windows as long"
                        + " (upcycle.search-length), keep more rotary planes (upcycle.qk-rope-head-dim), or train on"
                        + " longer sequences (sequence.length)",
                trainedLength,
                before,
                worst.kl,
                worst.from,
                worst.to));
    }

    /** Key {@code kl_by_position}: the trained length, the blocks, and the warning where there is one. */
    public ObjectNode json() {
        ObjectNode json = JsonNodeFactory.instance.objectNode();
        ObjectNode node = json.putObject("kl_by_position").put("trained_length", trainedLength);
        ArrayNode list = node.putArray("blocks");
        for (Block block : blocks) {
            list.addObject().put("from", block.from).put("to", block.to).put("kl_to_teacher", block.kl);
        }
        warning().ifPresent(text -> node.put("warning", text));
        return json;
    }
}
