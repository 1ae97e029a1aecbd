using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>A study as a row.</summary>
internal sealed record StudyRow(long Number, string Id, StudyHeader Header, DateTimeOffset Begun, DateTimeOffset? Finished, double WallSeconds, string Best, string? Owner)
{
    private const string Columns = "number, id, name, hash, text, seed, version, measures, begun, finished, wall_seconds, best, owner";

    /// <summary>Every study, oldest first; or the one with an id.</summary>
    public static List<StudyRow> Read(SqliteConnection connection, string path, string? id = null)
    {
        using var command = connection.CreateCommand();
        command.CommandText = $"SELECT {Columns} FROM studies" + (id is null ? " ORDER BY number" : " WHERE id = $id");
        if (id is not null)
        {
            command.Parameters.AddWithValue("$id", id);
        }

        using var reader = command.ExecuteReader();
        var rows = new List<StudyRow>();
        while (reader.Read())
        {
            try
            {
                var header = new StudyHeader(reader.GetString(2), reader.GetString(3), reader.GetString(4), reader.GetInt64(5), reader.GetString(6), Texts(reader.GetString(7)));
                rows.Add(new StudyRow(reader.GetInt64(0), reader.GetString(1), header, Moment(reader.GetString(8)), reader.IsDBNull(9) ? null : Moment(reader.GetString(9)), reader.GetDouble(10), reader.GetString(11), reader.IsDBNull(12) ? null : reader.GetString(12)));
            }
            catch (Exception e) when (e is FormatException or JsonException or InvalidCastException or InvalidOperationException)
            {
                throw StoreFailure.Damaged(path, "the row of a study is not what was written");
            }
        }

        return rows;
    }

    /// <summary>Adds a study and returns its number.</summary>
    public static long Insert(SqliteConnection connection, string id, StudyHeader header, DateTimeOffset begun, string owner)
    {
        using var command = connection.CreateCommand();
        command.CommandText = """
            INSERT INTO studies (id, name, hash, text, seed, version, measures, begun, wall_seconds, best, owner)
            VALUES ($id, $name, $hash, $text, $seed, $version, $measures, $begun, 0, '', $owner) RETURNING number
            """;
        command.Parameters.AddWithValue("$id", id);
        command.Parameters.AddWithValue("$name", header.Name);
        command.Parameters.AddWithValue("$hash", header.StudyHash);
        command.Parameters.AddWithValue("$text", header.Text);
        command.Parameters.AddWithValue("$seed", header.Seed);
        command.Parameters.AddWithValue("$version", header.Version);
        command.Parameters.AddWithValue("$measures", Text(header.Measures));
        command.Parameters.AddWithValue("$begun", Text(begun));
        command.Parameters.AddWithValue("$owner", owner);
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    /// <summary>A moment as it is stored: UTC, to the millisecond.</summary>
    public static string Text(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    /// <summary>The result as it is stored: gzipped UTF-8, for ten thousand candidates are several megabytes.</summary>
    public static byte[] Pack(string result)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(Encoding.UTF8.GetBytes(result));
        }

        return packed.ToArray();
    }

    /// <summary>The result of a study; null when it has none.</summary>
    public static string? ReadResult(SqliteConnection connection, long number, string path)
    {
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT result FROM studies WHERE number = $number";
        command.Parameters.AddWithValue("$number", number);
        if (command.ExecuteScalar() is not byte[] packed)
        {
            return null;
        }

        try
        {
            using var reader = new StreamReader(new GZipStream(new MemoryStream(packed), CompressionMode.Decompress), Encoding.UTF8);
            return reader.ReadToEnd();
        }
        catch (InvalidDataException)
        {
            throw StoreFailure.Damaged(path, "the result of a study is not what was written");
        }
    }

    private static DateTimeOffset Moment(string text) => DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    private static string Text(IReadOnlyList<string> texts)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartArray();
            foreach (var text in texts)
            {
                json.WriteStringValue(text);
            }

            json.WriteEndArray();
        }

        return Encoding.UTF8.GetString(bytes.ToArray());
    }

    private static List<string> Texts(string json)
    {
        using var document = JsonDocument.Parse(json);
        var texts = new List<string>();
        foreach (var text in document.RootElement.EnumerateArray())
        {
            texts.Add(text.GetString()!);
        }

        return texts;
    }
}
