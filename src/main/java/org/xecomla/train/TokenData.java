package org.xecomla.train;

import java.util.List;
import java.util.function.LongFunction;
import org.xecomla.corpus.TokenShards;

/** Tokens only, for training on the text itself. */
public final class TokenData implements TrainingData {
    private final long numSequences;
    private final int sequenceLength;
    private final LongFunction<int[]> ids;

    private TokenData(long numSequences, int sequenceLength, LongFunction<int[]> ids) {
        this.numSequences = numSequences;
        this.sequenceLength = sequenceLength;
        this.ids = ids;
    }

    /** The sequences of token shards, which stay the caller's to close. */
    public static TokenData of(TokenShards shards) {
        return new TokenData(shards.numSequences(), shards.sequenceLength(), shards::read);
    }

    /** Sequences on the heap, all of one length, at least one. */
    public static TokenData of(List<int[]> windows) {
        return new TokenData(windows.size(), windows.get(0).length, s -> windows.get(Math.toIntExact(s)));
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
        return TrainingSequence.of(ids.apply(sequence), null);
    }
}
