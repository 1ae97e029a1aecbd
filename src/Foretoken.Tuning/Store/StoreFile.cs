using System.Globalization;
using Foretoken.Quantities;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>The database file: opening it, and the layout of its tables (described in <c>docs/runs.md</c>).</summary>
internal static class StoreFile
{
    /// <summary>Its name in the store's folder.</summary>
    public const string Name = "runs.db";

    /// <summary>Version of the layout.</summary>
    public const int Version = 2;

    /// <summary>"FTKN": what <c>file</c> and <c>PRAGMA application_id</c> show of it.</summary>
    private const int ApplicationId = 0x46544B4E;

    private const int PatienceSeconds = 30;

    private const string Layout = """
        CREATE TABLE studies (
            number INTEGER PRIMARY KEY,
            id TEXT NOT NULL UNIQUE,
            name TEXT NOT NULL,
            hash TEXT NOT NULL,
            text TEXT NOT NULL,
            seed INTEGER NOT NULL,
            version TEXT NOT NULL,
            measures TEXT NOT NULL,
            begun TEXT NOT NULL,
            finished TEXT,
            wall_seconds REAL NOT NULL,
            best TEXT NOT NULL,
            owner TEXT,
            result BLOB);
        CREATE TABLE evaluations (
            study INTEGER NOT NULL REFERENCES studies(number),
            candidate TEXT NOT NULL,
            slice INTEGER NOT NULL,
            replication INTEGER NOT NULL,
            "values" BLOB NOT NULL,
            fingerprint INTEGER NOT NULL,
            simulated_seconds REAL,
            gpu_hours REAL,
            checksum INTEGER NOT NULL,
            PRIMARY KEY (study, candidate, slice, replication)) WITHOUT ROWID;
        """;

    /// <summary>Opens the file for reading and writing, makes it if it is not there, and checks that it is ours.</summary>
    /// <param name="path">Where.</param>
    /// <param name="pagesMax">Most pages that it may have, to play a full disk; 0 for no limit.</param>
    /// <exception cref="InputException">It cannot be used.</exception>
    public static SqliteConnection Open(string path, long pagesMax = 0) => StoreFailure.Guard(path, () => Checked(Connect(path, SqliteOpenMode.ReadWriteCreate), connection =>
    {
        var fresh = IsFresh(connection, path);
        // WAL: readers do not wait for the writer, and a commit costs one write. With NORMAL a commit outlives the process,
        // whatever ends it; only a power cut may take the last ones, and never the file.
        Switch(connection);
        Run(connection, "PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON");
        if (pagesMax > 0)
        {
            Run(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA max_page_count={pagesMax}"));
        }

        if (fresh)
        {
            Lay(connection, path);
        }
    }));

    /// <summary>Opens the file for reading alone; it may lie where nothing can be written.</summary>
    /// <exception cref="InputException">It is not there or cannot be used.</exception>
    public static SqliteConnection OpenForReading(string path) => StoreFailure.Guard(path, () =>
    {
        if (!File.Exists(path))
        {
            throw new InputException(path, "there is no run store here", "say where it is with --store");
        }

        try
        {
            return Checked(Connect(path, SqliteOpenMode.ReadOnly), Check);
        }
        catch (SqliteException) when (new FileInfo(path + "-wal") is not { Exists: true, Length: > 0 })
        {
            // Readers of a WAL database share a file beside it. Where that cannot be made (a store on read-only media), nobody
            // can be writing either.
            return Checked(Connect($"file:{Uri.EscapeDataString(path).Replace("%2F", "/", StringComparison.Ordinal)}?immutable=1", SqliteOpenMode.ReadOnly), Check);
        }

        void Check(SqliteConnection connection)
        {
            if (IsFresh(connection, path))
            {
                throw new InputException(path, "holds no studies: it was never finished", "say where the run store is with --store");
            }
        }
    });

    /// <summary>Looks at every page.</summary>
    /// <exception cref="InputException">Something is wrong with them.</exception>
    public static void CheckPages(SqliteConnection connection, string path)
    {
        if (Text(connection, "PRAGMA quick_check(1)") is var found && found != "ok")
        {
            throw StoreFailure.Damaged(path, found.ReplaceLineEndings(" "));
        }
    }

    /// <summary>Runs a statement that has no answer.</summary>
    public static void Run(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static SqliteConnection Connect(string path, SqliteOpenMode mode)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, DefaultTimeout = PatienceSeconds }.ToString());
        try
        {
            connection.Open();
            // SQLite's own waiting tries again within milliseconds; the library above it would sleep 150 ms at a time.
            Run(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA busy_timeout={PatienceSeconds * 1000}"));
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    private static SqliteConnection Checked(SqliteConnection connection, Action<SqliteConnection> check)
    {
        try
        {
            check(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Whether nothing was ever put into it. Changes nothing: it may be a file of somebody else.</summary>
    private static bool IsFresh(SqliteConnection connection, string path)
    {
        var tables = Number(connection, "SELECT count(*) FROM sqlite_schema");
        var application = Number(connection, "PRAGMA application_id");
        var version = Number(connection, "PRAGMA user_version");
        if (tables == 0 && application == 0 && version == 0)
        {
            return true;
        }

        if (application != ApplicationId)
        {
            throw new InputException(path, "is a database of another program", "choose another folder with --store");
        }

        if (version != Version)
        {
            var whose = version > Version ? "a newer" : "an older";
            throw new InputException(path, $"was written by {whose} Foretoken (version {version} of the store; this program knows {Version})", "use that program for it, or choose another folder with --store; nothing was changed");
        }

        return false;
    }

    private static void Lay(SqliteConnection connection, string path)
    {
        using var transaction = connection.BeginTransaction(deferred: false);
        // Another process may have been quicker.
        if (IsFresh(connection, path))
        {
            Run(connection, Layout);
            Run(connection, string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id={ApplicationId}; PRAGMA user_version={Version}"));
        }

        transaction.Commit();
    }

    /// <summary>The switch to WAL needs the file alone for a moment and does not wait for it by itself.</summary>
    private static void Switch(SqliteConnection connection)
    {
        const int Busy = 5;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                Run(connection, "PRAGMA journal_mode=WAL");
                return;
            }
            catch (SqliteException e) when (e.SqliteErrorCode == Busy && attempt < 100)
            {
                Thread.Sleep(20);
            }
        }
    }

    private static long Number(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToInt64(command.ExecuteScalar(), CultureInfo.InvariantCulture);
    }

    private static string Text(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? "";
    }
}
