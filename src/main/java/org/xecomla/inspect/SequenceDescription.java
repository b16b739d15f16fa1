package org.xecomla.inspect;

import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.fs.Path;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** One sequence of token shards as its ids or its text. */
public final class SequenceDescription {
    private SequenceDescription() {}

    /**
     * @param directory of token shards
     * @param number of the sequence, from 0
     * @param tokenizer that makes text of it; what is not learned stands in brackets
     * @throws UserException where there is no such sequence, or the tokenizer is another
     */
    public static String of(Path directory, long number, Optional<Path> tokenizer) {
        try (TokenShards shards = TokenShards.open(directory)) {
            if (number < 0 || number >= shards.numSequences()) {
                throw new UserException("no sequence " + number + ": " + DataFiles.display(directory) + " has "
                        + shards.numSequences() + ", counted from 0");
            }
            TokenSequence tokens = shards.sequence(number);
            String what = "sequence " + number + " (shard " + shards.plan().shardOf(number) + "): ";
            return what
                    + tokenizer
                            .map(place -> text(tokens, place, shards.spec().vocabSize()))
                            .orElseGet(() -> ids(tokens));
        }
    }

    private static String ids(TokenSequence tokens) {
        return Arrays.stream(tokens.ids()).mapToObj(Integer::toString).collect(Collectors.joining(" "));
    }

    private static String text(TokenSequence tokens, Path tokenizer, int vocabSize) {
        try (Tokenizer opened = Tokenizer.open(tokenizer)) {
            opened.requireFits(vocabSize, "these shards");
            return text(tokens, opened);
        }
    }

    /** A position's mark is about the token after it; the first token goes with the second. */
    private static String text(TokenSequence tokens, Tokenizer tokenizer) {
        StringBuilder text = new StringBuilder();
        int length = tokens.ids().length;
        int from = 0;
        while (from < length) {
            boolean learned = tokens.learned()[Math.max(0, from - 1)];
            int start = from++;
            while (from < length && tokens.learned()[from - 1] == learned) {
                from++;
            }
            int[] run = IntStream.range(start, from).map(i -> tokens.ids()[i]).toArray();
            text.append(learned ? "" : "[").append(tokenizer.decode(run, false)).append(learned ? "" : "]");
        }
        return text.toString();
    }
}
