using Foretoken.Quantities;
using Microsoft.Data.Sqlite;

namespace Foretoken.Tuning.Store;

/// <summary>What a user is told when the database refuses.</summary>
internal static class StoreFailure
{
    // Primary result codes of SQLite (https://www.sqlite.org/rescode.html).
    private const int Permission = 3, Busy = 5, Locked = 6, ReadOnly = 8, InputOutput = 10, Corrupt = 11, Full = 13, CannotOpen = 14, Authorisation = 23, NotADatabase = 26;

    /// <summary>Does something with the database; its refusals become problems with their place and a way out.</summary>
    /// <exception cref="InputException">The database refuses.</exception>
    public static T Guard<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (SqliteException e)
        {
            throw new InputException([Explain(path, e)]);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new InputException(path, $"cannot be used: {e.Message}", "choose a folder that you may write to with --store");
        }
    }

    /// <inheritdoc cref="Guard{T}(string, Func{T})" />
    public static void Guard(string path, Action work) => Guard(path, () =>
    {
        work();
        return 0;
    });

    /// <summary>Something in the file is not what this program wrote.</summary>
    public static InputException Damaged(string path, string what) => new(path, $"is damaged: {what}", "keep a copy, and begin again in another folder with --store; 'sqlite3 runs.db .recover' may rescue what is left");

    private static Problem Explain(string path, SqliteException e) => e.SqliteErrorCode switch
    {
        Full => new(path, "the disk is full; what was stored before is safe", "make room, then go on with --resume"),
        ReadOnly or CannotOpen or Permission or Authorisation => new(path, "cannot be opened for writing", "choose a folder that you may write to with --store"),
        NotADatabase => new(path, "is not a run store: no SQLite database", "move it away, or choose another folder with --store"),
        Corrupt => Damaged(path, "its pages contradict each other").Problems[0],
        Busy or Locked => new(path, "another process has kept it locked for half a minute", "try again when that process is done"),
        InputOutput => new(path, $"cannot be read or written ({e.SqliteExtendedErrorCode}: {e.Message}); what was stored before is safe", "look at the disk, then go on with --resume"),
        _ => new(path, $"the database refuses ({e.SqliteExtendedErrorCode}): {e.Message}"),
    };
}
