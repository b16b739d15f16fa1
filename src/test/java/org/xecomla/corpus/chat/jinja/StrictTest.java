package org.xecomla.corpus.chat.jinja;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.xecomla.errors.UserException;

/** The templates of src/test/resources/chat/strict, which tell an interpreter of Jinja2 from one that is nearly so. */
class StrictTest {
    private static final Path STRICT = Path.of("src/test/resources/chat/strict");
    private static final ObjectMapper JSON = new ObjectMapper();

    private static JsonNode expected(String group) throws IOException {
        return JSON.readTree(STRICT.resolve("expected.json").toFile()).get(group);
    }

    private static String render(String template, JsonNode variables) {
        Map<String, Object> values = new HashMap<>();
        values.put("tools", null);
        values.put("documents", null);
        values.putAll(Map.of("add_generation_prompt", false, "bos_token", "<s>", "eos_token", "</s>"));
        values.putAll(JSON.convertValue(variables, new TypeReference<Map<String, Object>>() {}));
        return JinjaTemplate.parse(template, "it").render(values).text();
    }

    @Test
    void whatPublishedTemplatesUseIsWrittenAsTransformersWritesIt() throws IOException {
        JsonNode files = expected("files");
        for (JsonNode one : files) {
            String template =
                    Files.readString(STRICT.resolve(one.get("template").textValue()));
            assertEquals(
                    one.get("text").textValue(),
                    render(template, one.get("variables")),
                    one.get("template").textValue());
        }
        assertEquals(14, files.size());
    }

    @Test
    void theRareIsRefusedRatherThanWrittenOtherwise() throws IOException {
        int numRefused = 0;
        for (JsonNode one : expected("lines")) {
            String template = one.get("template").textValue();
            try {
                assertEquals(one.get("text").textValue(), render(template, one.get("variables")), template);
            } catch (UserException refused) {
                numRefused++;
            }
        }
        assertTrue(numRefused >= 32, numRefused + " refused");
    }
}
