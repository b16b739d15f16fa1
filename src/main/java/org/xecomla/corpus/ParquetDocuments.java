package org.xecomla.corpus;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Type;
import org.xecomla.config.UserException;
import org.xecomla.files.DataFiles;

/** The documents of a Parquet file, a record each, its columns named as the keys of JSON lines are. */
final class ParquetDocuments {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private ParquetDocuments() {}

    /** The records of the row groups whose middle lies in bytes [start, end). */
    static void read(Path file, long start, long end, DocumentJson form, Predicate<Document> visitor) {
        try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), file)
                .withConf(new Configuration())
                .withFileRange(start, end)
                .build()) {
            for (Group record = reader.read(); record != null; record = reader.read()) {
                DocumentLocation location = new DocumentLocation(file, reader.getCurrentRowIndex());
                if (!visitor.test(form.document(object(record), location))) {
                    return;
                }
            }
        } catch (IOException | RuntimeException e) {
            if (e instanceof UserException known) {
                throw known;
            }
            String reason = e.getMessage() == null
                    ? e.toString()
                    : e.getMessage().lines().findFirst().orElse("");
            throw new UserException(DataFiles.display(file) + " cannot be read as Parquet: " + reason, e);
        }
    }

    private static ObjectNode object(Group group) {
        ObjectNode object = JSON.objectNode();
        for (int field = 0; field < group.getType().getFieldCount(); field++) {
            int count = group.getFieldRepetitionCount(field);
            Type type = group.getType().getType(field);
            if (type.isRepetition(Type.Repetition.REPEATED)) {
                object.set(type.getName(), repeated(group, field));
            } else if (count > 0) {
                object.set(type.getName(), value(group, field, 0));
            }
        }
        return object;
    }

    private static ArrayNode repeated(Group group, int field) {
        ArrayNode array = JSON.arrayNode();
        for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
            array.add(value(group, field, i));
        }
        return array;
    }

    private static JsonNode value(Group group, int field, int index) {
        Type type = group.getType().getType(field);
        if (type.isPrimitive()) {
            boolean bytes = type.asPrimitiveType().getPrimitiveTypeName() == PrimitiveTypeName.BINARY;
            return JSON.textNode(bytes ? group.getString(field, index) : group.getValueToString(field, index));
        }
        Group inner = group.getGroup(field, index);
        return type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation ? list(inner) : object(inner);
    }

    /** A list is a group of one repeated field: of the elements, or of groups that hold one element each. */
    private static ArrayNode list(Group list) {
        Type repeated = list.getType().getType(0);
        boolean wrapped = !repeated.isPrimitive()
                && repeated.asGroupType().getFieldCount() == 1
                && !repeated.getName().equals("array");
        ArrayNode array = JSON.arrayNode();
        for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
            if (!wrapped) {
                array.add(value(list, 0, i));
            } else {
                Group element = list.getGroup(0, i);
                array.add(element.getFieldRepetitionCount(0) == 0 ? NullNode.instance : value(element, 0, 0));
            }
        }
        return array;
    }
}
