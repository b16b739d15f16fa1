package org.xecomla.train;

import org.xecomla.config.ModelConfig;
import org.xecomla.corpus.TokenShards;
import org.xecomla.targets.TargetShards;

/** The sequences of token shards with the teacher's targets for them; both stay the caller's to close. */
public final class DistillationData implements TrainingData {
    private final TokenShards tokens;
    private final TargetShards targets;

    private DistillationData(TokenShards tokens, TargetShards targets) {
        this.tokens = tokens;
        this.targets = targets;
    }

    /**
     * Checks that all belong together.
     *
     * @param temperature of the student in the loss
     * @throws org.xecomla.config.UserException where the targets were made for other tokens, at another temperature or over
     *     another vocabulary, or the tokens do not fit the student
     */
    public static DistillationData of(
            TokenShards tokens, TargetShards targets, ModelConfig student, double temperature) {
        tokens.requireFits(student.vocabSize(), student.maxPositionEmbeddings(), "the student");
        targets.requireCovers(tokens.plan(), tokens.sequenceLength(), tokens::digest);
        targets.requireVocabulary(student.vocabSize());
        targets.requireTemperature(temperature);
        return new DistillationData(tokens, targets);
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
        return TrainingSequence.of(tokens.read(sequence), targets.read(sequence));
    }
}
