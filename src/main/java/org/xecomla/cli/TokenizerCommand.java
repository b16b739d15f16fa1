package org.xecomla.cli;

import java.io.PrintWriter;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.xecomla.config.RunConfig;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.BpeTrainer;
import org.xecomla.corpus.tokenizer.BpeVocabulary;
import org.xecomla.files.DataFiles;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Trains a byte-level BPE and writes it in Hugging Face's form. */
@Command(
        name = "tokenizer",
        mixinStandardHelpOptions = true,
        description = "Trains a byte-level BPE tokenizer: tokenizer.json and tokenizer_config.json.")
final class TokenizerCommand extends ConfiguredCommand {
    @Option(names = "--data", required = true, split = ",", paramLabel = "FILE", description = "JSON lines.")
    private List<String> data;

    @Option(names = "--vocab-size", required = true, paramLabel = "V", description = "Tokens, the 256 bytes included.")
    private int vocabSize;

    @Option(names = "--out", required = true, paramLabel = "DIR", description = "Directory to write to.")
    private String out;

    @Override
    int run(PrintWriter console) {
        RunConfig config = config();
        BpeTrainer trainer = new BpeTrainer(vocabSize);
        TextDocuments.of(data, config.corpus()).read(document -> {
            trainer.add(document.text());
            return true;
        });
        BpeVocabulary vocabulary = trainer.train();
        Path directory = DataFiles.path(out);
        DataFiles.createDirectories(directory);
        DataFiles.writeString(new Path(directory, "tokenizer.json"), vocabulary.tokenizerJson());
        DataFiles.writeString(new Path(directory, "tokenizer_config.json"), vocabulary.tokenizerConfigJson());
        return 0;
    }
}
