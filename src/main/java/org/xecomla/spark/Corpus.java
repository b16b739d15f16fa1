package org.xecomla.spark;

import java.io.Serializable;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.ModelConfig;
import org.xecomla.config.RunConfig;
import org.xecomla.config.UserException;
import org.xecomla.corpus.DocumentSplit;
import org.xecomla.corpus.Packing;
import org.xecomla.corpus.StreamPart;
import org.xecomla.corpus.TextDocuments;
import org.xecomla.corpus.TokenShardSpec;
import org.xecomla.corpus.TokenShardWriter;
import org.xecomla.corpus.TokenStream;
import org.xecomla.corpus.Tokenizer;
import org.xecomla.files.DataFiles;

/**
 * What the tasks of {@link ShardStage} do. Only names travel: every task opens files and tokenizer itself.
 *
 * @param model the shape of the model that will read the tokens
 * @param scratch directory of the parts
 */
record Corpus(RunConfig config, ModelConfig model, List<String> files, String scratch) implements Serializable {
    TextDocuments documents() {
        return TextDocuments.of(
                files.stream().map(DataFiles::path).toList(), config.corpus().textKey());
    }

    StreamPart writePart(int index, DocumentSplit split) {
        try (Tokenizer tokenizer = RunModels.tokenizer(config, model)) {
            Packing packing = RunModels.packing(tokenizer, model);
            return TokenStream.writePart(new Path(scratch), index, documents(), split, tokenizer, packing);
        }
    }

    /** @throws UserException where the parts hold no document, or not one sequence */
    TokenShardSpec spec(List<StreamPart> parts, int sequenceLength) {
        if (parts.stream().mapToLong(StreamPart::numDocuments).sum() == 0) {
            throw new UserException(
                    "the corpus is empty: no document in " + documents().describe());
        }
        try (TokenStream stream = open(parts)) {
            return stream.spec(sequenceLength, config.corpus().sequencesPerShard());
        }
    }

    void writeShard(List<StreamPart> parts, int sequenceLength, Path output, int shard) {
        TokenShardSpec spec = spec(parts, sequenceLength);
        if (!TokenShardWriter.isComplete(output, spec, shard)) {
            try (TokenStream stream = open(parts)) {
                TokenShardWriter.write(output, spec, shard, stream.windows(sequenceLength));
            }
        }
    }

    private TokenStream open(List<StreamPart> parts) {
        try (Tokenizer tokenizer = RunModels.tokenizer(config, model)) {
            return TokenStream.open(new Path(scratch), parts, RunModels.packing(tokenizer, model));
        }
    }
}
