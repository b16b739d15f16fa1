package org.xecomla.files;

import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonMappingException;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;

/** Records of the project as JSON files; what is wrong with one is said in words of the file, not of the program. */
public final class JsonFiles {
    private static final JsonMapper JSON = JsonMapper.builder()
            .enable(SerializationFeature.INDENT_OUTPUT)
            .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private JsonFiles() {}

    /**
     * @param what the file should be, for the message
     * @throws UserException where it is missing, no JSON, or JSON of something else
     */
    public static <T> T read(Path path, Class<T> type, String what) {
        return parse(path, DataFiles.readString(path), type, what);
    }

    /** As {@link #read}, of a file whose text was read before. */
    static <T> T parse(Path path, String text, Class<T> type, String what) {
        return parse(text, type, DataFiles.display(path) + " is not " + what + ": ");
    }

    private static <T> T parse(String text, Class<T> type, String complaint) {
        try {
            T value = JSON.readValue(text, type);
            if (value == null) {
                throw new UserException(complaint + "it says null");
            }
            return value;
        } catch (JsonParseException e) {
            throw new UserException(complaint + "broken JSON" + JsonFaults.place(e.getLocation()), e);
        } catch (JsonMappingException e) {
            if (e.getCause() instanceof UserException inner) {
                throw new UserException(complaint + inner.getMessage(), e);
            }
            throw new UserException(complaint + wrongValue(e), e);
        } catch (JsonProcessingException e) {
            throw new UserException(complaint + "broken JSON" + JsonFaults.place(e.getLocation()), e);
        }
    }

    private static String wrongValue(JsonMappingException e) {
        String key = e.getPath().stream()
                .map(part -> part.getFieldName() == null ? "[" + part.getIndex() + "]" : part.getFieldName())
                .collect(Collectors.joining("."));
        return (key.isEmpty() ? "a wrong value" : "a wrong value of " + key) + JsonFaults.place(e.getLocation());
    }

    /**
     * Writes a record of strings, numbers and maps of such {@linkplain DataFiles#writeAtomically atomically}; returns
     * the SHA-256 of the file.
     */
    public static String write(Path path, Object value) {
        try {
            String text = JSON.writeValueAsString(value) + "\n";
            DataFiles.writeString(path, text);
            return DataFiles.sha256(text.getBytes(StandardCharsets.UTF_8));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a record of strings and numbers is always JSON", e);
        }
    }
}
