package org.xecomla.corpus.text;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.InputStream;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/** The records of a file that is one JSON array, an element each; read as a stream. */
final class JsonArrayRecords {
    private JsonArrayRecords() {}

    /** @throws UserException where the array is broken, or something follows it */
    static void read(RecordFile file, int maxBytes, RecordReader.Visitor visitor) {
        try (InputStream in = file.open();
                JsonParser parser = JsonLine.reader(maxBytes).createParser(in)) {
            parser.nextToken();
            while (parser.nextToken() != JsonToken.END_ARRAY) {
                DocumentLocation location = new DocumentLocation(
                        file.path(), parser.currentTokenLocation().getByteOffset());
                JsonNode node = parser.readValueAsTree();
                if (node == null) {
                    throw new UserException(DataFiles.display(file.path()) + " is broken JSON: its array does not end");
                }
                if (!visitor.visit(() -> node, location)) {
                    return;
                }
            }
            if (parser.nextToken() != null) {
                DocumentLocation location = new DocumentLocation(
                        file.path(), parser.currentTokenLocation().getByteOffset());
                throw new UserException(
                        location.describe() + " goes on after the array: a .json file is one array or JSON" + " lines");
            }
        } catch (IOException e) {
            throw JsonLine.broken(DataFiles.display(file.path()), e);
        }
    }
}
