package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.xecomla.files.DataFiles;

/** 5,000 lines of everything, tokenised by us and by Python's {@code tokenizers}: the same ids. */
@Tag("shared")
class AgainstPythonTest {
    private static final int NUM_LINES = 5000;
    private static final ObjectMapper JSON = new ObjectMapper();

    @TempDir
    Path directory;

    @ParameterizedTest
    @ValueSource(strings = {"tokenizers/dolma2", "tokenizers/llama-bpe-bytefallback", "models/stories260K"})
    void idsAreThoseOfPython(String name) throws Exception {
        Path model = Path.of(System.getProperty("shared.dir")).resolve(name);
        List<String> texts = MixedTexts.lines(NUM_LINES, 1);
        List<int[]> expected = python(model.resolve("tokenizer.json"), texts);
        List<String> different = new ArrayList<>();
        try (Tokenizer tokenizer = Tokenizer.open(DataFiles.path(model.toString()))) {
            for (int i = 0; i < texts.size(); i++) {
                int[] ids = tokenizer.encode(texts.get(i));
                if (!Arrays.equals(expected.get(i), ids)) {
                    different.add(JSON.writeValueAsString(texts.get(i)) + ": " + Arrays.toString(ids) + ", Python "
                            + Arrays.toString(expected.get(i)));
                }
            }
        }
        assertEquals(List.of(), different.stream().limit(5).toList(), different.size() + " lines of " + NUM_LINES);
    }

    private List<int[]> python(Path tokenizer, List<String> texts) throws IOException, InterruptedException {
        Path in = directory.resolve("texts.jsonl");
        Path out = directory.resolve("ids.jsonl");
        List<String> lines = new ArrayList<>();
        for (String text : texts) {
            lines.add(JSON.writeValueAsString(text));
        }
        Files.write(in, lines);
        Process process = new ProcessBuilder(
                        "src/main/scripts/encode-texts", tokenizer.toString(), in.toString(), out.toString())
                .inheritIO()
                .start();
        assertEquals(0, process.waitFor(), "encode-texts");
        List<int[]> ids = new ArrayList<>();
        for (String line : Files.readAllLines(out)) {
            ids.add(JSON.readValue(line, int[].class));
        }
        assertEquals(texts.size(), ids.size());
        return ids;
    }
}
