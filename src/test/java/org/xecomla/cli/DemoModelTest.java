package org.xecomla.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.xecomla.config.model.AttentionConfig;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.stories.StoryGrammar;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.eval.EvalResult;
import org.xecomla.eval.Evaluator;
import org.xecomla.eval.NgramBaseline;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;

/** The model and the text that the project ships are what the README says. */
class DemoModelTest {
    private static final Path MODEL = DataFiles.path("conf/demo/model");
    private static final Path VALID = DataFiles.path("conf/demo/valid.jsonl");
    private static final int LENGTH = 256;
    private static final int ORDER = 5;
    private static final long GRAMMAR_SEED = 1;
    private static final int FIRST_VALID_STORY = 1_000_000;

    /** The model saw 3.5 M tokens of stories 0 to 23,999; these are as many, so that the n-grams saw no less text. */
    private static final int NUM_NGRAM_STORIES = 13_500;

    @Test
    void isASmallLlamaWithGroupedQueries() {
        ModelDirectory directory = ModelDirectory.open(MODEL);
        assertTrue(CausalLm.layout(directory.config(), name -> true).numParameters() <= 1_500_000);
        AttentionConfig.Gqa gqa =
                (AttentionConfig.Gqa) directory.config().attention().get(0);
        assertTrue(gqa.numKvHeads() < gqa.numHeads());
    }

    @Test
    void validationTextComesFromTheGrammar() throws IOException {
        List<String> lines = Files.readAllLines(java.nio.file.Path.of("conf/demo/valid.jsonl"));
        StoryGrammar grammar = new StoryGrammar(GRAMMAR_SEED);
        ObjectMapper json = new ObjectMapper();
        for (int i = 0; i < lines.size(); i++) {
            String text = json.readTree(lines.get(i)).get("text").asText();
            assertEquals(grammar.story(FIRST_VALID_STORY + i).text(), text);
        }
        assertTrue(lines.size() >= 100);
    }

    @Test
    @Tag("slow")
    void perplexityIsAtMostSevenTenthsOfAFiveGramModels() {
        ModelDirectory directory = ModelDirectory.open(MODEL);
        try (Tokenizer tokenizer = Tokenizer.open(MODEL);
                Kernels kernels = new CpuKernels(2);
                LoadedModel loaded = LoadedModel.open(directory, kernels, LENGTH);
                Evaluator evaluator = new Evaluator(loaded.model(), null, LENGTH, 8)) {
            int vocabSize = directory.config().vocabSize();
            List<TokenSequence> packed = WindowPacker.windows(
                    TextDocuments.of(List.of(VALID)), tokenizer, Packing.of(tokenizer, vocabSize, true), LENGTH);
            List<int[]> windows = packed.stream().map(TokenSequence::ids).toList();
            double model = EvalResult.of(
                            evaluator.evaluate(
                                    windows.stream().map(TokenSequence::of).toList()),
                            directory.config(),
                            directory.dtype())
                    .perplexity();
            double ngrams =
                    NgramBaseline.train(ORDER, vocabSize, ngramText(tokenizer)).perplexity(windows);
            System.out.printf("perplexity on held-out stories: model %.3f, 5-grams %.3f%n", model, ngrams);
            assertTrue(model <= 0.7 * ngrams, "perplexity " + model + " against " + ngrams + " of 5-grams");
        }
    }

    private static List<int[]> ngramText(Tokenizer tokenizer) {
        StoryGrammar grammar = new StoryGrammar(GRAMMAR_SEED);
        int bos = tokenizer.bosTokenId().orElseThrow();
        List<int[]> streams = new ArrayList<>();
        for (int number = 0; number < NUM_NGRAM_STORIES; number++) {
            int[] ids = tokenizer.encode(grammar.story(number).text());
            int[] stream = new int[ids.length + 1];
            stream[0] = bos;
            System.arraycopy(ids, 0, stream, 1, ids.length);
            streams.add(stream);
        }
        return streams;
    }
}
