package org.xecomla.corpus.shards;

import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.ConfigException;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.ShardDirectory;
import org.xecomla.files.ShardPlan;

/**
 * Token sequences of one length T under one global numbering, in shards (see {@link TokenShardWriter}). Thread-safe; a
 * flipped or missing byte is an error that names file and block.
 */
public final class TokenShards implements AutoCloseable {
    static final String KIND = "tokens";

    private final ShardDirectory shards;
    private final TokenShardSpec spec;

    private TokenShards(ShardDirectory shards, TokenShardSpec spec) {
        this.shards = shards;
        this.spec = spec;
    }

    /**
     * Opens the token shards in {@code directory}.
     *
     * @throws UserException where there are none, or one is missing or damaged
     */
    public static TokenShards open(Path directory) {
        ShardDirectory shards = ShardDirectory.open(directory, KIND);
        return new TokenShards(shards, TokenShardSpec.of(shards));
    }

    public TokenShardSpec spec() {
        return spec;
    }

    public ShardPlan plan() {
        return shards.plan();
    }

    public long numSequences() {
        return plan().numSequences();
    }

    /** T. */
    public int sequenceLength() {
        return spec.sequenceLength();
    }

    public int numShards() {
        return plan().numShards();
    }

    /** SHA-256 of shard {@code shard}'s header and tokens, which names tokenizer, packing and cut as well. */
    public String digest(int shard) {
        return shards.digest(shard);
    }

    /** How documents became these tokens, the tokenizer's digest included: binds whatever is made from them. */
    public SortedMap<String, String> packing() {
        return new TreeMap<>(spec.packing().settings());
    }

    /** The T ids of sequence {@code sequence}, 0 to {@link #numSequences()} (exclusive). */
    public int[] read(long sequence) {
        return sequence(sequence).ids();
    }

    /** Sequence {@code sequence} with the marks of what is learned and where documents begin. */
    public TokenSequence sequence(long sequence) {
        return spec.bytes().decode(shards.read(sequence));
    }

    /** Reads everything and compares every checksum. */
    public void verify() {
        shards.verify();
    }

    /**
     * Refuses a model whose vocabulary is smaller than that of these tokens, or whose sequences are shorter.
     *
     * @param model what the numbers belong to, for the message
     */
    public void requireFits(int modelVocabSize, int maxPositionEmbeddings, String model) {
        if (spec.vocabSize() > modelVocabSize) {
            throw new ConfigException(String.format(
                    Locale.ROOT,
                    "the tokens in %s have a vocabulary of %d ids and %s only %d: shard the corpus with the model's own"
                            + " tokenizer",
                    DataFiles.display(shards.directory()),
                    spec.vocabSize(),
                    model,
                    modelVocabSize));
        }
        requireLength(maxPositionEmbeddings, model);
    }

    /** Refuses a model whose sequences are shorter than these; see {@link #requireFits}. */
    public void requireLength(int maxPositionEmbeddings, String model) {
        if (sequenceLength() > maxPositionEmbeddings) {
            throw new ConfigException(String.format(
                    Locale.ROOT,
                    "the sequences in %s have %d tokens and %s takes at most %d: lower sequence.length",
                    DataFiles.display(shards.directory()),
                    sequenceLength(),
                    model,
                    maxPositionEmbeddings));
        }
    }

    @Override
    public void close() {
        shards.close();
    }
}
