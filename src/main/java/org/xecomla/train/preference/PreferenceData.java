package org.xecomla.train.preference;

import org.apache.hadoop.fs.Path;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.shards.PairShards;
import org.xecomla.errors.ConfigException;
import org.xecomla.files.DataFiles;
import org.xecomla.targets.ReferenceShards;
import org.xecomla.train.data.Samples;

/** The preferences of pair shards with the reference's word on them; both are closed with this. */
public final class PreferenceData implements Samples<PreferenceSample> {
    private final PairShards pairs;
    private final ReferenceShards reference;
    private final int tokensPerPair;

    private PreferenceData(PairShards pairs, ReferenceShards reference, int tokensPerPair) {
        this.pairs = pairs;
        this.reference = reference;
        this.tokensPerPair = tokensPerPair;
    }

    /**
     * Checks that all belong together.
     *
     * @param model to be trained
     * @param referenceDigest of the reference model
     * @param tokensPerPair on average
     * @throws org.xecomla.errors.UserException where the reference spoke of other pairs, is another model, or the pairs
     *     do not fit the model
     */
    public static PreferenceData open(
            Path pairs, Path reference, ModelConfig model, String referenceDigest, int tokensPerPair) {
        PairShards pairShards = PairShards.open(pairs);
        ReferenceShards referenceShards = null;
        try {
            requireFits(pairShards, model);
            referenceShards = ReferenceShards.open(reference);
            referenceShards.requireOf(
                    new ReferenceShards.Spec(pairShards.plan(), referenceDigest, pairShards.tokenizerDigest()));
            for (int shard = 0; shard < pairShards.plan().numShards(); shard++) {
                referenceShards.requireCovers(shard, pairShards.digest(shard));
            }
            return new PreferenceData(pairShards, referenceShards, tokensPerPair);
        } catch (RuntimeException e) {
            pairShards.close();
            if (referenceShards != null) {
                referenceShards.close();
            }
            throw e;
        }
    }

    private static void requireFits(PairShards pairs, ModelConfig model) {
        String where = DataFiles.display(pairs.directory());
        if (pairs.vocabSize() > model.vocabSize()) {
            throw new ConfigException("the pairs in " + where + " have a vocabulary of " + pairs.vocabSize()
                    + " ids and the model only " + model.vocabSize() + ": make them with the model's own tokenizer");
        }
        if (pairs.maxLength() > model.maxPositionEmbeddings()) {
            throw new ConfigException("the pairs in " + where + " have up to " + pairs.maxLength()
                    + " tokens and the model takes at most " + model.maxPositionEmbeddings()
                    + ": lower dpo.max-length");
        }
    }

    @Override
    public long numSamples() {
        return pairs.plan().numSequences();
    }

    @Override
    public int tokensPerSample() {
        return tokensPerPair;
    }

    @Override
    public PreferenceSample read(long number) {
        return new PreferenceSample(pairs.read(number), reference.read(number));
    }

    @Override
    public void close() {
        pairs.close();
        reference.close();
    }
}
