package org.xecomla.files;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.NullNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.CodecFactory;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation.ListLogicalTypeAnnotation;
import org.apache.parquet.schema.Type;
import org.xecomla.errors.UserException;

/**
 * The rows of a Parquet file as JSON objects: columns by name, lists as arrays, groups as objects. A column that is
 * null is null; of groups it is left out.
 */
public final class ParquetRows {
    private static final JsonNodeFactory JSON = JsonNodeFactory.instance;

    private static final Set<CompressionCodecName> READ = EnumSet.of(
            CompressionCodecName.UNCOMPRESSED,
            CompressionCodecName.SNAPPY,
            CompressionCodecName.GZIP,
            CompressionCodecName.ZSTD,
            CompressionCodecName.LZ4_RAW);

    private ParquetRows() {}

    /** Shown one row after the other. */
    public interface Visitor {
        /**
         * @param index of the row in its file, from 0
         * @return whether the next one is wanted
         */
        boolean visit(ObjectNode row, long index);
    }

    /**
     * All rows, in memory: for files of a test set's size.
     *
     * @throws UserException where the file is not Parquet
     */
    public static List<ObjectNode> read(Path file) {
        List<ObjectNode> rows = new ArrayList<>();
        read(file, 0, Long.MAX_VALUE, (row, index) -> rows.add(row));
        return rows;
    }

    /**
     * Shows the rows of the row groups whose middle lies in bytes [start, end) to {@code visitor}, until it answers
     * false: ranges that cover a file without overlap show each of its rows once.
     *
     * @throws UserException where the file is not Parquet
     */
    public static void read(Path path, long start, long end, Visitor visitor) {
        Configuration configuration = HadoopSettings.here();
        requireCodecs(path, configuration);
        CodecFactory codecs = new CodecFactory(configuration, 0);
        try (ParquetReader<Group> reader = ParquetReader.builder(new GroupReadSupport(), path)
                .withConf(configuration)
                .withCodecFactory(new ParquetCodecs(codecs))
                .withFileRange(start, end)
                .build()) {
            for (Group row = reader.read(); row != null; row = reader.read()) {
                if (!visitor.visit(row(row), reader.getCurrentRowIndex())) {
                    return;
                }
            }
        } catch (UserException e) {
            throw e; // the visitor's
        } catch (IOException | RuntimeException e) {
            throw damaged(path, e);
        } finally {
            codecs.release();
        }
    }

    /**
     * Rows that are stored together.
     *
     * @param start first byte of the group's share of its file: groups' shares cover the file
     * @param end byte after that share
     * @param from together with {@code to} the range that {@link #read(Path, long, long, Visitor)} takes for this group
     */
    public record RowGroup(Path file, long start, long end, long from, long to, long numRows) {}

    /**
     * The row groups of a file, in order, as its footer says.
     *
     * @throws UserException where the file is not Parquet
     */
    public static List<RowGroup> groups(Path path) {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(path, HadoopSettings.here()))) {
            List<BlockMetaData> blocks = reader.getFooter().getBlocks();
            List<RowGroup> groups = new ArrayList<>();
            for (int i = 0; i < blocks.size(); i++) {
                BlockMetaData block = blocks.get(i);
                long from = block.getStartingPos();
                long end = i + 1 < blocks.size() ? blocks.get(i + 1).getStartingPos() : DataFiles.length(path);
                long to = from + Math.max(1, block.getCompressedSize());
                groups.add(new RowGroup(path, i == 0 ? 0 : from, end, from, to, block.getRowCount()));
            }
            return groups;
        } catch (IOException | RuntimeException e) {
            throw damaged(path, e);
        }
    }

    private static void requireCodecs(Path path, Configuration configuration) {
        try (ParquetFileReader reader = ParquetFileReader.open(HadoopInputFile.fromPath(path, configuration))) {
            reader.getFooter().getBlocks().stream()
                    .flatMap(block -> block.getColumns().stream())
                    .map(ColumnChunkMetaData::getCodec)
                    .filter(codec -> !READ.contains(codec))
                    .findFirst()
                    .ifPresent(codec -> {
                        String name = codec.name().charAt(0)
                                + codec.name().substring(1).toLowerCase(Locale.ROOT);
                        throw new UserException(DataFiles.display(path) + " is compressed by " + name
                                + ", which is not read: write it with zstd or snappy");
                    });
        } catch (UserException e) {
            throw e;
        } catch (IOException | RuntimeException e) {
            throw damaged(path, e);
        }
    }

    private static UserException damaged(Path path, Exception cause) {
        if (isUnknownType(cause)) {
            return new UserException(
                    DataFiles.display(path) + " has a column of a type that is not read, such as float16: leave it out"
                            + " or write it as float32",
                    cause);
        }
        return new UserException(
                DataFiles.display(path)
                        + " cannot be read as Parquet: it is damaged, cut off, or no Parquet; copy it again",
                cause);
    }

    /** Parquet's reader looks types up by number and finds nothing for those that are younger than it. */
    private static boolean isUnknownType(Exception e) {
        return e instanceof NullPointerException
                && Arrays.stream(e.getStackTrace()).limit(3).anyMatch(frame -> frame.getMethodName()
                        .equals("getLogicalTypeAnnotation"));
    }

    private static ObjectNode row(Group group) {
        ObjectNode row = object(group);
        for (Type column : group.getType().getFields()) {
            if (!row.has(column.getName())) {
                row.putNull(column.getName());
            }
        }
        return row;
    }

    private static ObjectNode object(Group group) {
        ObjectNode object = JSON.objectNode();
        for (int field = 0; field < group.getType().getFieldCount(); field++) {
            Type type = group.getType().getType(field);
            if (type.isRepetition(Type.Repetition.REPEATED)) {
                ArrayNode array = object.putArray(type.getName());
                for (int i = 0; i < group.getFieldRepetitionCount(field); i++) {
                    array.add(value(group, field, i));
                }
            } else if (group.getFieldRepetitionCount(field) > 0) {
                object.set(type.getName(), value(group, field, 0));
            }
        }
        return object;
    }

    private static JsonNode value(Group group, int field, int index) {
        Type type = group.getType().getType(field);
        if (!type.isPrimitive()) {
            Group inner = group.getGroup(field, index);
            return type.getLogicalTypeAnnotation() instanceof ListLogicalTypeAnnotation ? list(inner) : object(inner);
        }
        return switch (type.asPrimitiveType().getPrimitiveTypeName()) {
            case INT32 -> JSON.numberNode(group.getInteger(field, index));
            case INT64 -> JSON.numberNode(group.getLong(field, index));
            case FLOAT -> JSON.numberNode(group.getFloat(field, index));
            case DOUBLE -> JSON.numberNode(group.getDouble(field, index));
            case BOOLEAN -> JSON.booleanNode(group.getBoolean(field, index));
            case BINARY -> text(group.getBinary(field, index).getBytes());
            default -> JSON.textNode(group.getValueToString(field, index));
        };
    }

    /** Bytes that are no text stay bytes, for whoever wants text to say so. */
    private static JsonNode text(byte[] bytes) {
        try {
            return JSON.textNode(StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString());
        } catch (CharacterCodingException e) {
            return JSON.binaryNode(bytes);
        }
    }

    /** A list is a group of one repeated field: of the elements, or of groups that hold one element each. */
    private static ArrayNode list(Group list) {
        Type repeated = list.getType().getType(0);
        boolean wrapped = !repeated.isPrimitive()
                && repeated.asGroupType().getFieldCount() == 1
                && !repeated.getName().equals("array");
        ArrayNode array = JSON.arrayNode();
        for (int i = 0; i < list.getFieldRepetitionCount(0); i++) {
            if (wrapped) {
                Group element = list.getGroup(0, i);
                array.add(element.getFieldRepetitionCount(0) == 0 ? NullNode.instance : value(element, 0, 0));
            } else {
                array.add(value(list, 0, i));
            }
        }
        return array;
    }
}
