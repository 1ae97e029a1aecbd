using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Foretoken.Quantities;

namespace Foretoken.Hardware.StepTime;

/// <summary>Reads one .npy array of numbers (format versions 1 to 3, little endian, C or Fortran order) as doubles in C order.</summary>
internal static partial class NumpyArray
{
    private const int ValuesMax = 10_000_000;

    /// <summary>Reads the array.</summary>
    /// <exception cref="InputException">Not an array of numbers, or damaged.</exception>
    public static double[] Read(Stream stream, string place, out int[] shape)
    {
        var start = new byte[8];
        Fill(stream, start, place);
        if (start[0] != 0x93 || !start.AsSpan(1, 5).SequenceEqual("NUMPY"u8))
        {
            throw new InputException(place, "is not a NumPy array", "an .npy entry written by numpy.savez");
        }

        var lengthBytes = new byte[start[6] == 1 ? 2 : 4];
        Fill(stream, lengthBytes, place);
        var length = start[6] == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(lengthBytes) : BinaryPrimitives.ReadUInt32LittleEndian(lengthBytes);
        if (length > 65_536)
        {
            throw new InputException(place, "has a damaged header");
        }

        var headerBytes = new byte[length];
        Fill(stream, headerBytes, place);
        var header = Encoding.UTF8.GetString(headerBytes);
        var type = TypePattern().Match(header).Groups[1].Value;
        var fortran = header.Contains("'fortran_order': True", StringComparison.Ordinal);
        var shapeText = ShapePattern().Match(header);
        if (!shapeText.Success)
        {
            throw new InputException(place, "has a damaged header");
        }

        shape = [.. shapeText.Groups[1].Value.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Select(s => int.Parse(s, CultureInfo.InvariantCulture))];
        long count = 1;
        foreach (var n in shape)
        {
            count = count * n > ValuesMax ? ValuesMax + 1L : count * n;
        }

        if (count > ValuesMax)
        {
            throw new InputException(place, $"has more than {ValuesMax} values");
        }

        var values = ReadValues(stream, type, (int)count, place);
        return fortran && shape.Length == 2 ? Transposed(values, shape) : values;
    }

    private static double[] ReadValues(Stream stream, string type, int count, string place)
    {
        var size = type switch
        {
            "<f8" or "<i8" => 8,
            "<f4" or "<i4" => 4,
            _ => throw new InputException(place, $"has values of type '{type}'", "float32, float64, int32 or int64, little endian"),
        };
        var bytes = new byte[count * size];
        Fill(stream, bytes, place);
        var values = new double[count];
        for (var i = 0; i < count; i++)
        {
            var at = bytes.AsSpan(i * size);
            values[i] = type switch
            {
                "<f8" => BinaryPrimitives.ReadDoubleLittleEndian(at),
                "<f4" => BinaryPrimitives.ReadSingleLittleEndian(at),
                "<i8" => BinaryPrimitives.ReadInt64LittleEndian(at),
                _ => BinaryPrimitives.ReadInt32LittleEndian(at),
            };
        }

        return values;
    }

    private static double[] Transposed(double[] columns, int[] shape)
    {
        var rows = new double[columns.Length];
        for (var i = 0; i < shape[0]; i++)
        {
            for (var j = 0; j < shape[1]; j++)
            {
                rows[i * shape[1] + j] = columns[j * shape[0] + i];
            }
        }

        return rows;
    }

    private static void Fill(Stream stream, byte[] buffer, string place)
    {
        if (stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false) < buffer.Length)
        {
            throw new InputException(place, "ends too early");
        }
    }

    [GeneratedRegex("'descr':\\s*'([^']+)'")]
    private static partial Regex TypePattern();

    [GeneratedRegex("'shape':\\s*\\(([0-9, ]*)\\)")]
    private static partial Regex ShapePattern();
}
