namespace Foretoken.Tuning.Store;

/// <summary>
/// Sole right to write one study: a file that the operating system keeps locked as long as the process lives, however it
/// ends. Its name stays while the study can be resumed.
/// </summary>
internal sealed class StudyLock : IDisposable
{
    private readonly FileStream _file;
    private readonly string _path;

    private StudyLock(FileStream file, string path)
    {
        _file = file;
        _path = path;
    }

    /// <summary>Takes the lock; null when another one has it.</summary>
    public static StudyLock? TryTake(string folder, string id)
    {
        var path = PathOf(folder, id);
        // Somebody who only looks whether it is taken (IsTaken) has it for an instant.
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return new StudyLock(new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None), path);
            }
            catch (IOException) when (File.Exists(path))
            {
                if (attempt == 10)
                {
                    return null;
                }

                Thread.Sleep(20);
            }
        }
    }

    /// <summary>Whether somebody has it.</summary>
    public static bool IsTaken(string folder, string id)
    {
        try
        {
            using var file = new FileStream(PathOf(folder, id), FileMode.Open, FileAccess.Read, FileShare.None);
            return false;
        }
        catch (FileNotFoundException)
        {
            return false;
        }
        catch (IOException)
        {
            return true;
        }
        catch (UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>Gives it back and takes its file away: nobody may want it any more.</summary>
    public void Remove()
    {
        File.Delete(_path);
        Dispose();
    }

    /// <inheritdoc />
    public void Dispose() => _file.Dispose();

    private static string PathOf(string folder, string id) => Path.Combine(folder, id + ".lock");
}
