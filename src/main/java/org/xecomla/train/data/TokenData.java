package org.xecomla.train.data;

import java.util.List;
import java.util.function.LongFunction;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.TokenShards;

/** Tokens only, for training on the text itself. */
public final class TokenData implements TrainingData {
    private final long numSequences;
    private final int sequenceLength;
    private final LongFunction<TokenSequence> tokens;

    private TokenData(long numSequences, int sequenceLength, LongFunction<TokenSequence> tokens) {
        this.numSequences = numSequences;
        this.sequenceLength = sequenceLength;
        this.tokens = tokens;
    }

    /** The sequences of token shards, which stay the caller's to close. */
    public static TokenData of(TokenShards shards) {
        return new TokenData(shards.numSequences(), shards.sequenceLength(), shards::sequence);
    }

    /** Sequences on the heap, all of one length, at least one. */
    public static TokenData of(List<TokenSequence> windows) {
        return new TokenData(windows.size(), windows.get(0).ids().length, s -> windows.get(Math.toIntExact(s)));
    }

    @Override
    public long numSequences() {
        return numSequences;
    }

    @Override
    public int sequenceLength() {
        return sequenceLength;
    }

    @Override
    public TrainingSequence read(long sequence) {
        return TrainingSequence.of(tokens.apply(sequence), null);
    }
}
