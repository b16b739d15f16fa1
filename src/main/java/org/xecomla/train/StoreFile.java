package org.xecomla.train;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.xecomla.errors.UserException;
import org.xecomla.files.DataFiles;
import org.xecomla.files.RandomReader;
import org.xecomla.safetensors.Dtype;
import org.xecomla.safetensors.SafetensorsFile;
import org.xecomla.safetensors.SafetensorsWriter;
import org.xecomla.tensor.ParameterLayout;
import org.xecomla.tensor.ParameterStore;
import org.xecomla.tensor.Tensor;

/**
 * Stores of trainable parameters (moments, velocity) as one safetensors file in F32: tensor {@code 1.NAME} is parameter
 * NAME of the second store, in the engine's row order, which no other program is meant to read.
 */
final class StoreFile {
    private static final int CHUNK_ELEMENTS = 1 << 20;

    private StoreFile() {}

    static void write(Path path, List<ParameterStore> stores, Map<String, String> metadata) {
        SafetensorsWriter writer = new SafetensorsWriter();
        metadata.forEach(writer::metadata);
        for (int s = 0; s < stores.size(); s++) {
            for (ParameterLayout.Place place : trainable(stores.get(s))) {
                Tensor flat = flat(stores.get(s), place); // (1, length)
                List<Long> shape =
                        List.of((long) place.spec().rows(), (long) place.spec().cols());
                writer.add(s + "." + place.spec().name(), Dtype.F32, shape, (first, target, count) -> {
                    int from = Math.toIntExact(first);
                    System.arraycopy(flat.cols(from, from + count).toDoubles(), 0, target, 0, count);
                });
            }
        }
        writer.write(path);
    }

    /** Overwrites {@code stores} by the mean of the files, bit for bit the file's elements where there is one. */
    static void readMean(List<Path> paths, List<ParameterStore> stores) {
        List<SafetensorsFile> files = paths.stream().map(SafetensorsFile::open).toList();
        List<RandomReader> readers = files.stream().map(SafetensorsFile::reader).toList();
        try {
            for (int s = 0; s < stores.size(); s++) {
                for (ParameterLayout.Place place : trainable(stores.get(s))) {
                    readMean(files, readers, s + "." + place.spec().name(), flat(stores.get(s), place));
                }
            }
        } finally {
            readers.forEach(RandomReader::close);
        }
    }

    private static void readMean(List<SafetensorsFile> files, List<RandomReader> readers, String name, Tensor flat) {
        float[] part = new float[(int) Math.min(CHUNK_ELEMENTS, flat.length())];
        double[] mean = new double[part.length];
        for (int from = 0; from < flat.cols(); from += part.length) {
            int count = Math.min(part.length, flat.cols() - from);
            Arrays.fill(mean, 0);
            for (int f = 0; f < files.size(); f++) {
                SafetensorsFile.Entry entry = files.get(f).entry(name);
                if (entry.numElements() != flat.length()) {
                    throw new UserException(DataFiles.display(files.get(f).path()) + ": tensor " + name + " has "
                            + entry.numElements() + " elements and the model's parameter " + flat.length()
                            + ": it is another model's checkpoint");
                }
                files.get(f).read(readers.get(f), entry, from, part, 0, count);
                for (int i = 0; i < count; i++) {
                    mean[i] += part[i];
                }
            }
            for (int i = 0; i < count; i++) {
                part[i] = (float) (mean[i] / files.size());
            }
            flat.cols(from, from + count).write(part, 0);
        }
    }

    private static List<ParameterLayout.Place> trainable(ParameterStore store) {
        return store.layout().places().values().stream()
                .filter(place -> place.spec().trainable())
                .toList();
    }

    private static Tensor flat(ParameterStore store, ParameterLayout.Place place) {
        return store.get(place.spec().name())
                .reshape(1, Math.toIntExact(place.spec().length())); // (1, length)
    }
}
