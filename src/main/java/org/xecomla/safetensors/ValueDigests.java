package org.xecomla.safetensors;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;

/**
 * SHA-256 of tensors' elements as they were meant, in the header of the file that holds them. For files that no
 * manifest vouches for: what one task leaves for another.
 */
final class ValueDigests {
    private static final String KEY = "sha256.";

    private ValueDigests() {}

    static void put(Map<String, String> metadata, String tensor, float[] values) {
        metadata.put(KEY + tensor, of(values));
    }

    static void put(Map<String, String> metadata, String tensor, double[] values) {
        metadata.put(KEY + tensor, of(values));
    }

    /** @throws UserException where a tensor that has a digest is not there */
    static void requireAll(Path path, Map<String, String> metadata, Map<String, SafetensorsFile.Entry> entries) {
        for (String key : metadata.keySet()) {
            if (key.startsWith(KEY) && !entries.containsKey(key.substring(KEY.length()))) {
                throw damaged(path, key.substring(KEY.length()));
            }
        }
    }

    /** @throws UserException where the tensor has a digest and it is another */
    static void require(Path path, Map<String, String> metadata, String tensor, float[] values) {
        String meant = metadata.get(KEY + tensor);
        if (meant != null && !meant.equals(of(values))) {
            throw damaged(path, tensor);
        }
    }

    /** @throws UserException where the tensor has a digest and it is another */
    static void require(Path path, Map<String, String> metadata, String tensor, double[] values) {
        String meant = metadata.get(KEY + tensor);
        if (meant != null && !meant.equals(of(values))) {
            throw damaged(path, tensor);
        }
    }

    private static UserException damaged(Path path, String tensor) {
        return new UserException(DataFiles.display(path) + ": tensor " + tensor
                + " is not what was written: the file was damaged, run the same command again");
    }

    private static String of(float[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asFloatBuffer().put(values);
        return DataFiles.sha256(bytes.array());
    }

    private static String of(double[] values) {
        ByteBuffer bytes = ByteBuffer.allocate(values.length * Double.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        bytes.asDoubleBuffer().put(values);
        return DataFiles.sha256(bytes.array());
    }
}
