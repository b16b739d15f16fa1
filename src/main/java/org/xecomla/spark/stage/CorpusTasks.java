package org.xecomla.spark.stage;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.config.model.ModelConfig;
import org.xecomla.corpus.chat.ChatRules;
import org.xecomla.corpus.shards.PartCounts;
import org.xecomla.corpus.shards.StreamPart;
import org.xecomla.corpus.shards.TokenShardSpec;
import org.xecomla.corpus.shards.TokenShardWriter;
import org.xecomla.corpus.shards.TokenStream;
import org.xecomla.corpus.text.DocumentFilter;
import org.xecomla.corpus.text.DocumentSplit;
import org.xecomla.corpus.text.NgramSet;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.errors.UserException;
import org.xecomla.run.RunModels;
import org.xecomla.run.RunTokenizer;

/**
 * What the tasks of {@link CorpusShards} do. Only names travel: every task opens files and tokenizer itself.
 *
 * @param model the shape of the model that will read the tokens
 * @param weights of the files, or none
 * @param scratch directory of the parts
 */
record CorpusTasks(RunConfig config, ModelConfig model, List<String> files, List<Double> weights, String scratch)
        implements Serializable {
    TextDocuments documents() {
        return TextDocuments.of(files, config.corpus(), weights);
    }

    /**
     * Tokenises {@code splits} number {@code own}, with one tokenizer: opening that of a large vocabulary takes a
     * second.
     *
     * @param benchmarks of which nothing may occur
     * @param done is told the bytes of each split when it is a part
     */
    ArrayList<StreamPart> writeParts(
            List<DocumentSplit> splits, List<Integer> own, NgramSet benchmarks, LongConsumer done) {
        ArrayList<StreamPart> parts = new ArrayList<>();
        TextDocuments documents = documents();
        ChatRules chat = RunModels.chat(config);
        try (RunTokenizer tokenizer = RunTokenizer.open(config, model)) {
            for (int index : own) {
                DocumentSplit split = splits.get(index);
                long[] duplicates = DuplicateSearch.read(scratchPath(), index);
                DocumentFilter filter =
                        new DocumentFilter(config.run().seed(), split, documents.share(split), duplicates, benchmarks);
                parts.add(TokenStream.writePart(
                        scratchPath(), index, documents, filter, tokenizer.tokenizer(), tokenizer.packing(), chat));
                done.accept(split.end() - split.start());
            }
        }
        return parts;
    }

    /**
     * The documents of split {@code index} by their text. A split that cannot be read has none here: tokenising names
     * it.
     */
    List<DuplicateSearch.Entry> entries(int index, DocumentSplit split) {
        List<DuplicateSearch.Entry> entries = new ArrayList<>();
        try {
            TextDocuments documents = documents();
            DocumentFilter filter =
                    new DocumentFilter(config.run().seed(), split, documents.share(split), new long[0], NgramSet.NONE);
            documents.read(split, document -> {
                if (filter.isDrawn(document.location())) {
                    entries.add(DuplicateSearch.Entry.of(
                            document, split.copy(), index, document.location().offset()));
                }
                return true;
            });
        } catch (UserException unreadable) {
            return List.of();
        }
        return entries;
    }

    /** @throws UserException where the parts hold no document, nothing that is learned, or not one sequence */
    TokenShardSpec spec(List<StreamPart> parts, int sequenceLength) {
        if (parts.stream().mapToLong(StreamPart::numDocuments).sum() == 0) {
            boolean dropped = parts.stream().anyMatch(part -> part.counts().numRead() > 0);
            throw new UserException(
                    "the corpus is empty: no document in " + documents().describe() + (dropped ? " is kept" : ""));
        }
        PartCounts counts = parts.stream().map(StreamPart::counts).reduce(PartCounts.ZERO, PartCounts::plus);
        counts.requireFewBad(config.corpus().skipBadRows(), documents().describe());
        counts.requireLearned(documents().describe());
        try (TokenStream stream = TokenStream.open(scratchPath(), parts)) {
            return stream.spec(sequenceLength, config.corpus().sequencesPerShard());
        }
    }

    void writeShard(List<StreamPart> parts, int sequenceLength, Path output, int shard) {
        TokenShardSpec spec = spec(parts, sequenceLength);
        if (!TokenShardWriter.isComplete(output, spec, shard)) {
            try (TokenStream stream = TokenStream.open(scratchPath(), parts)) {
                TokenShardWriter.writeSequences(output, spec, shard, stream.windows(sequenceLength));
            }
        }
    }

    Path scratchPath() {
        return new Path(scratch);
    }
}
