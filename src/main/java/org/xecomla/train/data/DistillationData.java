package org.xecomla.train.data;

import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.TokenShards;
import org.xecomla.targets.TargetShards;

/** The sequences of token shards with the teacher's targets for them; both are closed with this. */
public final class DistillationData implements TrainingData {
    private final TokenShards tokens;
    private final TargetShards targets;
    private final int numIds;

    private DistillationData(TokenShards tokens, TargetShards targets, int numIds) {
        this.tokens = tokens;
        this.targets = targets;
        this.numIds = numIds;
    }

    /** As {@link #of}, of the shards in two directories. */
    public static DistillationData open(Path tokens, Path targets, ModelConfig student, double temperature) {
        TokenShards tokenShards = TokenShards.open(tokens);
        TargetShards targetShards = null;
        try {
            targetShards = TargetShards.open(targets);
            return of(tokenShards, targetShards, student, temperature);
        } catch (RuntimeException e) {
            tokenShards.close();
            if (targetShards != null) {
                targetShards.close();
            }
            throw e;
        }
    }

    /**
     * Checks that all belong together. Targets over fewer ids than the student has are learned over these: its others
     * are padding.
     *
     * @param temperature of the student in the loss
     * @throws org.xecomla.errors.UserException where the targets were made for other tokens, at another temperature or
     *     over more ids than the student has, or the tokens do not fit the student
     */
    public static DistillationData of(
            TokenShards tokens, TargetShards targets, ModelConfig student, double temperature) {
        tokens.requireFits(student.vocabSize(), student.maxPositionEmbeddings(), "the student");
        targets.requireCovers(tokens.plan(), tokens.sequenceLength(), tokens.packing(), tokens::digest);
        targets.requireVocabulary(student.vocabSize());
        targets.requireTemperature(temperature);
        int numIds = targets.spec().vocabSize();
        return new DistillationData(tokens, targets, numIds < student.vocabSize() ? numIds : TrainingSequence.ALL_IDS);
    }

    @Override
    public long numSequences() {
        return tokens.numSequences();
    }

    @Override
    public int sequenceLength() {
        return tokens.sequenceLength();
    }

    @Override
    public TrainingSequence read(long sequence) {
        return TrainingSequence.of(tokens.sequence(sequence), targets.read(sequence))
                .overFirstIds(numIds);
    }

    @Override
    public void close() {
        tokens.close();
        targets.close();
    }
}
