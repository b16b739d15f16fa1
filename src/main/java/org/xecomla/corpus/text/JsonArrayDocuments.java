package org.xecomla.corpus.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.function.Predicate;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** The documents of a file that is one JSON array, an element each; read as a stream. */
final class JsonArrayDocuments {
    private JsonArrayDocuments() {}

    /** Whether the first character that is no white space opens an array. */
    static boolean isArray(Path file) {
        try (InputStream in = DataFiles.openStream(file)) {
            int c = in.read();
            while (c == ' ' || c == '\t' || c == '\r' || c == '\n') {
                c = in.read();
            }
            return c == '[';
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    static void read(Path file, DocumentJson form, Predicate<Document> visitor) {
        try (InputStream in = DataFiles.openStream(file);
                JsonParser parser = new ObjectMapper().createParser(in)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                DocumentLocation location =
                        new DocumentLocation(file, parser.currentTokenLocation().getByteOffset());
                JsonNode node = parser.readValueAsTree();
                if (!visitor.test(form.document(node, location))) {
                    return;
                }
            }
        } catch (IOException e) {
            throw unreadable(file, e);
        }
    }

    private static UserException unreadable(Path file, IOException e) {
        String reason =
                e.getMessage() == null ? "" : e.getMessage().lines().findFirst().orElse("");
        return new UserException(DataFiles.display(file) + " is broken JSON: " + reason, e);
    }
}
