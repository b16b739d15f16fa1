package org.xecomla.eval;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.corpus.shards.Packing;
import org.xecomla.corpus.shards.TokenSequence;
import org.xecomla.corpus.shards.WindowPacker;
import org.xecomla.corpus.text.TextDocuments;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.ModelDirectory;
import org.xecomla.nn.CausalLm;
import org.xecomla.safetensors.Dtype;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensors;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;

/** A real model on real text scores as in PyTorch. */
@Tag("shared")
class SharedModelPerplexityTest {
    private static final int LENGTH = 256;

    /**
     * PyTorch 2.13 in float64: {@code forward} of the shared ref.py over the weights cast to float64; documents of
     * tinystories-valid.jsonl by tokenizers 0.23 without special tokens, id 1 before each, 43,508 tokens in one stream,
     * 169 windows of 256, mean of -log softmax at the 255 shifted positions of each.
     */
    private static final double PYTORCH_PERPLEXITY = 4.512500807304705;

    private static final long NUM_TOKENS = 169L * 255;

    static Stream<Kernels> kernels() {
        return Stream.of(new CpuKernels(1), new Nd4jKernels(ElementType.FLOAT));
    }

    private static Path shared(String name) {
        return DataFiles.path(System.getProperty("shared.dir") + "/" + name);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void perplexityIsPyTorchs(Kernels kernels) {
        ModelDirectory directory = ModelDirectory.open(shared("models/stories260K"));
        List<TokenSequence> windows;
        try (Tokenizer tokenizer = Tokenizer.open(directory.path())) {
            TextDocuments documents = TextDocuments.of(List.of(shared("corpora/tinystories-valid.jsonl")));
            Packing packing = Packing.of(tokenizer, directory.config().vocabSize(), true);
            windows = WindowPacker.windows(documents, tokenizer, packing, LENGTH);
        }
        try (kernels;
                ParameterStore weights =
                        Tensors.zeros(CausalLm.layout(directory.config(), name -> false), kernels.type());
                CausalLm model = new CausalLm(directory.config(), weights, null, kernels, LENGTH);
                Evaluator evaluator = new Evaluator(model, null, LENGTH, 8)) {
            directory.load(weights);
            EvalResult result = EvalResult.of(evaluator.evaluate(windows), directory.config(), Dtype.F32);
            assertEquals(NUM_TOKENS, result.tokens());
            assertEquals(PYTORCH_PERPLEXITY, result.perplexity(), 1e-4);
            assertEquals(5 * 2 * 4 * 8, result.kvElementsPerToken());
        }
    }
}
