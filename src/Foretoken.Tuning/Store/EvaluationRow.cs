using System.Buffers.Binary;
using System.Numerics;
using System.Text;
using Foretoken.Quantities;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>An evaluation as a row. Numbers are kept bit by bit; a checksum tells a damaged row from a whole one.</summary>
internal static class EvaluationRow
{
    public const string Insert = """
        INSERT INTO evaluations (study, candidate, slice, replication, "values", fingerprint, simulated_seconds, gpu_hours, checksum)
        VALUES ($study, $candidate, $slice, $replication, $values, $fingerprint, $seconds, $hours, $checksum)
        ON CONFLICT (study, candidate, slice, replication) DO NOTHING
        """;

    public const string Select = """
        SELECT candidate, slice, replication, "values", fingerprint, simulated_seconds, gpu_hours, checksum
        FROM evaluations WHERE study = $study ORDER BY candidate, slice, replication
        """;

    private static readonly string[] Names = ["$study", "$candidate", "$slice", "$replication", "$values", "$fingerprint", "$seconds", "$hours", "$checksum"];

    /// <summary>A command that <see cref="Fill"/> can fill again and again.</summary>
    public static SqliteCommand Prepare(SqliteConnection connection)
    {
        var command = connection.CreateCommand();
        command.CommandText = Insert;
        foreach (var name in Names)
        {
            command.Parameters.Add(new SqliteParameter(name, null));
        }

        return command;
    }

    /// <summary>Puts an evaluation into the command.</summary>
    public static void Fill(SqliteCommand command, long study, Evaluation evaluation)
    {
        var values = Bytes(evaluation.Values);
        object[] cells =
        [
            study, evaluation.Key.Candidate, evaluation.Key.Slice, evaluation.Key.Replication, values,
            unchecked((long)evaluation.Fingerprint), Number(evaluation.SimulatedSeconds), Number(evaluation.GpuHours), (long)Checksum(evaluation, values),
        ];
        for (var i = 0; i < cells.Length; i++)
        {
            command.Parameters[i].Value = cells[i];
        }
    }

    /// <summary>The evaluation at the reader.</summary>
    /// <exception cref="InputException">The row is not what was written.</exception>
    public static Evaluation Read(SqliteDataReader reader, int measures, string path)
    {
        var key = new EvaluationKey(reader.GetString(0), reader.GetInt32(1), reader.GetInt32(2));
        var values = (byte[])reader.GetValue(3);
        var evaluation = new Evaluation(key, Doubles(values), unchecked((ulong)reader.GetInt64(4)), Number(reader, 5), Number(reader, 6));
        if (evaluation.Values.Length != measures || reader.GetInt64(7) != Checksum(evaluation, values))
        {
            throw StoreFailure.Damaged(path, $"the evaluation of candidate {key.Candidate} (slice {key.Slice}, replication {key.Replication}) is not what was written");
        }

        return evaluation;
    }

    // SQLite's own numbers have no NaN.
    private static object Number(double number) => double.IsNaN(number) ? DBNull.Value : number;

    private static double Number(SqliteDataReader reader, int column) => reader.IsDBNull(column) ? double.NaN : reader.GetDouble(column);

    private static byte[] Bytes(double[] numbers)
    {
        var bytes = new byte[numbers.Length * sizeof(double)];
        for (var i = 0; i < numbers.Length; i++)
        {
            BinaryPrimitives.WriteDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)), numbers[i]);
        }

        return bytes;
    }

    private static double[] Doubles(byte[] bytes)
    {
        var numbers = new double[bytes.Length / sizeof(double)];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = BinaryPrimitives.ReadDoubleLittleEndian(bytes.AsSpan(i * sizeof(double)));
        }

        return numbers;
    }

    private static uint Checksum(Evaluation evaluation, byte[] values)
    {
        var sum = uint.MaxValue;
        Add(Encoding.UTF8.GetBytes(evaluation.Key.Candidate));
        Add(values);
        ReadOnlySpan<long> rest =
        [
            evaluation.Key.Slice, evaluation.Key.Replication, unchecked((long)evaluation.Fingerprint),
            BitConverter.DoubleToInt64Bits(evaluation.SimulatedSeconds), BitConverter.DoubleToInt64Bits(evaluation.GpuHours),
        ];
        foreach (var number in rest)
        {
            sum = BitOperations.Crc32C(sum, unchecked((ulong)number));
        }

        return ~sum;

        void Add(ReadOnlySpan<byte> bytes)
        {
            var whole = bytes.Length / sizeof(ulong);
            for (var i = 0; i < whole; i++)
            {
                sum = BitOperations.Crc32C(sum, BinaryPrimitives.ReadUInt64LittleEndian(bytes[(i * sizeof(ulong))..]));
            }

            foreach (var one in bytes[(whole * sizeof(ulong))..])
            {
                sum = BitOperations.Crc32C(sum, one);
            }
        }
    }
}
