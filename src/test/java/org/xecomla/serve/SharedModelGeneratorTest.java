package org.xecomla.serve;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.xecomla.corpus.tokenizer.Tokenizer;
import org.xecomla.files.DataFiles;
import org.xecomla.formats.LoadedModel;
import org.xecomla.tensor.ElementType;
import org.xecomla.tensor.Kernels;
import org.xecomla.tensor.cpu.CpuKernels;
import org.xecomla.tensor.nd4j.Nd4jKernels;

/** A real model continues a prompt as in transformers. */
@Tag("shared")
class SharedModelGeneratorTest {
    static Stream<Kernels> kernels() {
        return Stream.of(new CpuKernels(1), new Nd4jKernels(ElementType.FLOAT));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void greedyTextIsTransformers(Kernels kernels) throws Exception {
        Path path = DataFiles.path(System.getProperty("shared.dir") + "/models/stories260K");
        JsonNode reference = new ObjectMapper().readTree(DataFiles.readString(new Path(path, "reference_logits.json")));
        int[] expected = ids(reference.get("greedy_ids"));
        String promptText = reference.get("greedy_prompt").asText();
        try (kernels;
                Tokenizer tokenizer = Tokenizer.open(path);
                LoadedModel loaded = LoadedModel.open(path, kernels, 512)) {
            int[] text = tokenizer.encode(promptText);
            int[] prompt = new int[text.length + 1];
            prompt[0] = tokenizer.bosTokenId().getAsInt();
            System.arraycopy(text, 0, prompt, 1, text.length);
            int numNew = expected.length - prompt.length;
            int[] added = new Generator(loaded.model())
                    .generate(prompt, numNew, Sampler.greedy(), StopRule.atTokens(Set.of()));
            assertArrayEquals(expected, concat(prompt, added));
            String expectedText =
                    reference.get("greedy_text").asText().strip(); // written by a decoder that keeps the first space
            assertEquals(expectedText, tokenizer.decode(concat(prompt, added)));
        }
    }

    private static int[] ids(JsonNode array) {
        int[] ids = new int[array.size()];
        Arrays.setAll(ids, i -> array.get(i).asInt());
        return ids;
    }

    private static int[] concat(int[] a, int[] b) {
        int[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
