;; A person at Emacs: run by `emacs --batch -l`, with the settings of editors/emacs, in the folder of an application.
;; Writes what was seen at each step to the file that $SEEN names, as JSON.

(require 'package)
(package-initialize)
(require 'eglot)
(require 'json)

(defvar seen '())
(defvar settings (getenv "SETTINGS"))
(defvar application default-directory)
(defvar patience (string-to-number (getenv "PATIENCE")))

(setq make-backup-files nil
      create-lockfiles nil
      auto-save-default nil
      eglot-confirm-server-initiated-edits nil)

(unless (fboundp 'yaml-mode) ; it is a package of its own before Emacs 29
  (define-derived-mode yaml-mode text-mode "YAML")
  (add-to-list 'auto-mode-alist '("\\.yaml\\'" . yaml-mode)))

(defun findings ()
  "The findings in the buffer, as line:column code."
  (sort (mapcar (lambda (diagnostic)
                  (save-excursion
                    (goto-char (flymake-diagnostic-beg diagnostic))
                    (let ((raw (cdr (assoc 'eglot-lsp-diag (flymake-diagnostic-data diagnostic)))))
                      (format "%d:%d %s" (line-number-at-pos) (1+ (current-column)) (plist-get raw :code)))))
                (flymake-diagnostics))
        #'string<))

(defun expect (step wanted)
  "Wait until the buffer has the findings WANTED; note those it has at STEP, whether they came or not."
  (let ((end (+ (float-time) patience)))
    (flymake-start)
    (while (and (not (equal wanted (findings))) (< (float-time) end))
      (accept-process-output nil 0.02)))
  (push `((step . ,step) (findings . ,(vconcat (findings)))) seen)
  (equal wanted (findings)))

(defun note-file (step)
  "Note what is on the disk."
  (let ((file buffer-file-name))
    (push `((step . ,step) (file . ,(with-temp-buffer (insert-file-contents file) (buffer-string)))) seen)))

(defun open (name)
  "Open a file with the server."
  (switch-to-buffer (find-file-noselect (expand-file-name name application)))
  (unless (eglot-managed-p) ; `eglot-ensure' waits for the end of a command, and in batch mode there is none
    (call-interactively #'eglot)))

(defun changed ()
  "Tell the server of changes at once; in batch mode nobody is ever idle."
  (eglot--signal-textDocument/didChange))

(defun session ()
  "Open, see, edit and save, undo, fix."
  (let ((unset "6:12 S3AP302") (unused "1:8 F401") (handler nil))
    (open "functions/reader/handler.py")
    (setq handler (current-buffer))
    (when (expect "opened" (list unused unset))
      (open "template.yaml")
      (search-forward "INPUT: a")
      (insert "\n          TABLE: orders")
      (changed)
      (with-current-buffer handler
        (expect "the template, not saved yet, sets the variable" (list unused)))
      (delete-region (line-beginning-position) (line-end-position))
      (changed)
      (with-current-buffer handler
        (expect "it does not any more" (list unused unset)))
      (insert "          TABLE: orders")
      (changed)
      (with-current-buffer handler
        (expect "it does again" (list unused)))
      (save-buffer)

      (switch-to-buffer handler)
      (buffer-enable-undo)
      (goto-char (point-min))
      (search-forward "os.environ[\"TABLE\"]")
      (undo-boundary)
      (replace-match "json.dumps(os.environ[\"TABLE\"])" t t)
      (changed)
      (save-buffer)
      (expect "edited and saved" '())
      (undo-boundary)
      (primitive-undo 1 (cdr buffer-undo-list))
      (changed)
      (save-buffer)
      (expect "undone" (list unused))

      (goto-char (point-min))
      (search-forward "import ")
      (eglot-code-actions (point) (1+ (point)) "quickfix" t)
      (changed)
      (expect "fixed" '())
      (save-buffer)
      (note-file "the file after the quick fix")

      (goto-char (point-min))
      (insert "import json\n")
      (changed)
      (save-buffer)
      (expect "the import is back" (list unused))
      (load (concat settings "/s3ap-lint-fix-on-save.el") nil t)
      (goto-char (point-max))
      (insert "# the end\n")
      (save-buffer)
      (note-file "the file after a save that fixes")
      (changed)
      (expect "fixed on save" '()))))

(load (concat settings "/s3ap-lint-eglot.el") nil t)
(condition-case problem
    (session)
  (error (push `((step . "failed") (problem . ,(format "%S" problem))) seen)))
(with-temp-file (getenv "SEEN")
  (insert (json-encode (vconcat (nreverse seen)))))
(kill-emacs)
