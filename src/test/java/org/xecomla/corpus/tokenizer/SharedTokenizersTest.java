package org.xecomla.corpus.tokenizer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.xecomla.files.DataFiles;

/** Three real tokenizers over real text: number and SHA-256 of all ids, as Python's {@code tokenizers} gives them. */
@Tag("shared")
class SharedTokenizersTest {
    @ParameterizedTest
    @CsvSource({
        "models/stories260K,512,1,43407,33e423269e4601f43e748c46fcf784ef34ed38269a060fa6fbe8f735e56d77e2",
        "tokenizers/dolma2,100278,-1,20614,369ad89bd5a2ca5c774ffc14bd0a7461913bec0ab7c800e051d248d7331103af",
        "tokenizers/llama-bpe-bytefallback,32000,1,21949,"
                + "a60e42bff4536bcde212e02de34a7a5afb444995cb8df4bbf9b743835aaabd5d"
    })
    void allIdsEqualPythons(String name, int vocabSize, int bos, int numTokens, String sha256)
            throws IOException, NoSuchAlgorithmException {
        Path shared = Path.of(System.getProperty("shared.dir"));
        MessageDigest digest = MessageDigest.getInstance("SHA-256");
        int seen = 0;
        try (Tokenizer tokenizer =
                Tokenizer.open(DataFiles.path(shared.resolve(name).toString()))) {
            assertEquals(vocabSize, tokenizer.vocabSize());
            assertEquals(bos, tokenizer.bosTokenId().orElse(-1));
            for (String line : Files.readAllLines(shared.resolve("corpora/tinystories-valid.jsonl"))) {
                int[] ids = tokenizer.encode(
                        new ObjectMapper().readTree(line).get("text").asText());
                ByteBuffer bytes = ByteBuffer.allocate(4 * ids.length).order(ByteOrder.LITTLE_ENDIAN);
                bytes.asIntBuffer().put(ids);
                digest.update(bytes.array());
                seen += ids.length;
            }
        }
        assertEquals(numTokens, seen);
        assertEquals(sha256, HexFormat.of().formatHex(digest.digest()));
    }
}
